"""Landmarks on YTF, head pose on AFLW2000, face regions on CelebAMask-HQ."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path

import cv2
import numpy as np
from scipy.io import loadmat

from benchmarks.accuracy.rows import Row, mean
from mien import Analyzer
from mien.geometry.regions import REGIONS
from mien.metrics.bootstrap import bootstrap_interval
from mien.metrics.landmarks import normalised_errors
from mien.metrics.pose import angular_errors
from mien.types import Faces

TITLE = "Landmarks, pose, regions"
PROTOCOL = (
    "YTF: all 3,462 labelled frames of `ytf_keypoints68`; of several faces the one nearest to the "
    "labels; errors over the distance of the outer eye corners, labels as they are (on average "
    "they lie 0.8 px further right and down than the mesh). Which mesh vertices stand for a point "
    "was decided on half of the people, by the hash of their name. AFLW2000: the 16 pictures of "
    "`aflw2000_prnet`, angles in the order of that set (its yaw has the opposite sign). "
    "CelebAMask-HQ: 4 portraits; intersection over union of all pixels of the four. The last two "
    "are too few for more than a check of signs and sizes. Intervals: bootstrap over people "
    "(YTF) or over pictures."
)
#: Regions of mien, and the classes of CelebAMask-HQ that mean the same.
SAME: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "skin (forehead to the hairline in the labels)": (("skin",), (1,)),
    "brows": (("left_brow", "right_brow"), (6, 7)),
    "eyes": (("left_eye", "right_eye"), (4, 5)),
    "nose": (("nose",), (2,)),
    "lips": (("upper_lip", "lower_lip"), (11, 12)),
}


def measure(data: Path) -> list[Row]:
    """Measure landmarks with both meshes, then pose and regions with the default one."""
    rows: list[Row] = []
    for mesh in ("facemesh.attention", "facemesh.plain"):
        rows += _ytf(data / "ytf_keypoints68", mesh)
    return rows + _aflw(data / "aflw2000_prnet" / "AFLW2000") + _celeba(data)


def _ytf(folder: Path, mesh: str) -> list[Row]:
    with (folder / "training_frames_keypoints.csv").open(newline="") as file:
        names, *labels = zip(*list(csv.reader(file))[1:], strict=True)
    truth = np.asarray(labels, np.float64).T.reshape(-1, 68, 2)
    analyzer = Analyzer(["landmarks"], mesh=mesh)
    found, predicted = [], []
    paths = [folder / "training" / name for name in names]
    for index, analysis in enumerate(analyzer.analyze_many(paths)):
        chosen = nearest(analysis.found, truth[index].mean(axis=0))
        if chosen is not None:
            found.append(index)
            predicted.append(analysis.found.landmarks["ibug68"].xy[chosen])
    points, labelled = np.array(predicted), truth[found]
    eyes = np.linalg.norm(labelled[:, 36] - labelled[:, 45], axis=1)
    people = np.array([name.rsplit("_", 1)[0] for name in names])
    missed = f"{len(names) - len(found)} of {len(names)} frames without a face, left out"
    unseen = np.array([int(sha1(p.encode()).hexdigest(), 16) % 2 == 1 for p in people[found]])
    everyone = np.ones(len(found), bool)
    rows = []
    for name, part, chosen in (
        ("inner 51", slice(17, 68), everyone),
        ("inner 51 of the other half of the people", slice(17, 68), unseen),
        ("jaw 17", slice(0, 17), everyone),
    ):
        errors = normalised_errors(
            points[chosen, part], labelled[chosen, part], distance=eyes[chosen]
        )
        rows.append(
            mean_over(people[found][chosen], f"YTF NME {name}, {mesh}", errors, note=missed)
        )
    return rows


def interval_over(groups: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """Bootstrap whole groups: frames of one person are alike."""
    _, group = np.unique(groups, return_inverse=True)
    total, count = np.bincount(group, errors), np.bincount(group)
    drawn = np.random.default_rng(0).integers(0, len(count), (1000, len(count)))
    means = total[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def mean_over(
    groups: np.ndarray, what: str, samples: np.ndarray, *, unit: str = "", note: str = ""
) -> Row:
    """Return the mean of samples (N,) with an interval over groups (N,) that are alike."""
    low, high = interval_over(groups, samples)
    value, n = float(samples.mean()), len(samples)
    row: Row = {"what": what, "value": value, "n": n, "low": low, "high": high}
    return row | {"unit": unit, "note": note}


def nearest(faces: Faces, point: np.ndarray) -> int | None:
    """Return the face whose box is centred nearest to a point, or ``None`` without faces."""
    if not len(faces):
        return None
    return int(np.linalg.norm(faces.boxes.centres - point, axis=1).argmin())


def _aflw(folder: Path) -> list[Row]:
    paths = sorted(folder.glob("*.jpg"))
    predicted, truth = [], []
    for path, analysis in zip(paths, Analyzer(["pose"]).analyze_many(paths), strict=True):
        label = loadmat(path.with_suffix(".mat"))
        chosen = nearest(analysis.found, label["pt3d_68"][:2].mean(axis=1))
        if chosen is not None:
            predicted.append(analysis.found.attributes["pose"].values[chosen, :3])
            pitch, yaw, roll = np.rad2deg(label["Pose_Para"][0, :3])
            truth.append((-yaw, pitch, roll))
    errors = angular_errors(np.array(predicted), np.array(truth))
    note = f"{len(paths) - len(errors)} of {len(paths)} pictures without a face"
    rows = [
        mean(f"AFLW2000 {name} MAE", errors[:, column], unit="deg", note=note)
        for column, name in enumerate(("yaw", "pitch", "roll"))
    ]
    return [*rows, mean("AFLW2000 mean MAE", errors.mean(axis=1), unit="deg", note=note)]


def _celeba(data: Path) -> list[Row]:
    paths = sorted((data / "celebamask_hq_samples").glob("*.jpg"))
    maps, labels = [], []
    for path, analysis in zip(paths, Analyzer(["segment"]).analyze_many(paths), strict=True):
        label = cv2.imread(str(path.with_suffix(".png")), cv2.IMREAD_GRAYSCALE)
        size_wh = analysis.image_attributes["face_regions"].values.shape[:0:-1]
        labels.append(cv2.resize(label, size_wh, interpolation=cv2.INTER_NEAREST))
        maps.append({name: analysis.image_attributes[name].values[0] for name in _MAPS})
    rows = []
    for name, (regions, classes) in SAME.items():
        values = [REGIONS.index(region) for region in regions]
        ours = [np.isin(found["face_regions"], values) for found in maps]
        rows.append(
            _overlap(f"CelebAMask-HQ {name} IoU", ours, [np.isin(t, classes) for t in labels])
        )
    person = [found["person_mask"] > 127 for found in maps]
    return [*rows, _overlap("CelebAMask-HQ person IoU", person, [label > 0 for label in labels])]


_MAPS = ("face_regions", "person_mask")


def _overlap(what: str, ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> Row:
    pairs = list(zip(ours, theirs, strict=True))
    both = sum(int((a & b).sum()) for a, b in pairs)
    either = sum(int((a | b).sum()) for a, b in pairs)
    low, high = bootstrap_interval(np.array([(a & b).sum() / (a | b).sum() for a, b in pairs]))
    return {"what": what, "value": both / either, "n": len(pairs), "low": low, "high": high}
