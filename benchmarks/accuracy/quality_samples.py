"""Quality, template and subject of every picture that quality is fitted or measured on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from benchmarks.accuracy.degraded import degrade
from benchmarks.accuracy.lfw_templates import CACHE
from mien import Analyzer
from mien.data.celeba_identity import CelebaIdentity
from mien.data.lfw import Lfw
from mien.metrics.verification import threshold_at_fmr
from mien.tasks.quality_scores import COMPONENTS
from mien.types import Analysis, Image

#: Which folds of LFW, and which remainder of CelebA's ids by two.
FIT, REPORT = "fit", "report"
_FOLDS = {FIT: (0, 1, 2), REPORT: (3, 4)}
_IDS = {FIT: "even-ids", REPORT: "odd-ids"}
#: Mated comparisons a subject, at most, so that a few people do not decide; and frames a person.
MOST_PAIRS = 60
YTF_FRAMES = 4
FMR = 1e-3
_BATCH = 16


@dataclass(frozen=True)
class Samples:
    """One row a detected face: picture, subject, components (N,14), template, other scores."""

    picture: np.ndarray
    subject: np.ndarray
    kind: np.ndarray
    components: np.ndarray
    vectors: np.ndarray
    norm: np.ndarray
    detection: np.ndarray
    inter_eye_px: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> Samples:
        return Samples(*(getattr(self, item.name)[rows] for item in fields(self)))


@dataclass(frozen=True)
class Comparisons:
    """Mated comparisons of samples ``left`` and ``right (P,)``, their scores, and a threshold.

    ``threshold``: FMR 1e-3 on all ``n_non_mated`` comparisons among the same samples.
    """

    left: np.ndarray
    right: np.ndarray
    score: np.ndarray
    threshold: float
    n_non_mated: int


def pictures(data: Path, name: str, part: str) -> tuple[list[str], list[str]]:
    """Return the files under ``data`` and the subjects of ``lfw``, ``celeba`` or ``ytf``."""
    if name == "celeba":
        found = list(CelebaIdentity(data / "celeba_identity").samples(_IDS[part]))
        files = [f"celeba_identity/img/{sample.sample_id}" for sample in found]
        return files, [str(sample.subject_id) for sample in found]
    if name == "lfw":
        pairs = Lfw(data / "lfw").pairs()
        here = np.isin(pairs.fold, _FOLDS[part])
        subjects = {Path(p).parent.name for p in (*pairs.first[here], *pairs.second[here])}
        files = sorted((data / "lfw").glob("*/*.jpg"))
        files = [file for file in files if file.parent.name in subjects]
        return [str(f.relative_to(data)) for f in files], [f.parent.name for f in files]
    files = sorted((data / "ytf_keypoints68/training").glob("*.jpg"))
    people = [file.stem.rsplit("_", 1)[0] for file in files]
    keep = [i for i in range(len(files)) if people[:i].count(people[i]) < YTF_FRAMES]
    return [str(files[i].relative_to(data)) for i in keep], [people[i] for i in keep]


def samples(data: Path, name: str, part: str, *, worse: bool = False) -> Samples:
    """Analyse a set of pictures, or their degraded copies; kept in a cache."""
    analyzer = Analyzer(("quality", "embed"), threads=1)
    models = " ".join(spec.model_id for spec in analyzer.models)
    labels = [(item.label, item.measure) for item in COMPONENTS]
    key = hashlib.sha256(f"{models} {labels} {name} {part} {worse}".encode()).hexdigest()[:12]
    path = CACHE / f"quality-{name}-{part}{'-worse' if worse else ''}-{key}.npz"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        found = _analyse(data, *pictures(data, name, part), analyzer, worse)
        np.savez(path, **{item.name: getattr(found, item.name) for item in fields(found)})
    saved = np.load(path)
    return Samples(*(saved[item.name] for item in fields(Samples)))


def _analyse(
    data: Path, files: list[str], subjects: list[str], analyzer: Analyzer, worse: bool
) -> Samples:
    rows = []
    for start in range(0, len(files), _BATCH):
        batch = range(start, min(start + _BATCH, len(files)))
        images = [analyzer.read(data / files[i]) for i in batch]
        kinds = ["none"] * len(images)
        if worse:
            images, kinds = _worse(analyzer, images, [files[i] for i in batch])
        for i, kind, analysis in zip(batch, kinds, analyzer.run(images), strict=True):
            if len(analysis.found) and kind:
                rows.append((files[i], subjects[i], kind, *_face(analysis)))
    return Samples(*(np.array(column) for column in zip(*rows, strict=True)))


def _worse(
    analyzer: Analyzer, images: list[Image], names: list[str]
) -> tuple[list[Image], list[str]]:
    """Degrade pictures about their faces; kind "" where there is none."""
    made, kinds = [], []
    for image, analysis, name in zip(images, _boxes(analyzer, images), names, strict=True):
        pixels, kind = image.pixels, ""
        if len(analysis.found):
            box = analysis.found.boxes.xyxy[_main(analysis)]
            pixels, kind = degrade(image.pixels, name, box)
        made.append(Image(pixels))
        kinds.append(kind)
    return made, kinds


def _boxes(analyzer: Analyzer, images: list[Image]) -> list[Analysis]:
    return Analyzer(("detect",), threads=1).run(images)


def _main(analysis: Analysis) -> int:
    """The largest face, less its distance from the middle of the picture."""
    boxes = analysis.found.boxes
    off = np.linalg.norm(boxes.centres - np.array(analysis.found.image_size_wh) / 2, axis=1)
    return int(np.argmax(np.sqrt(boxes.wh.prod(axis=1)) - off))


def _face(analysis: Analysis) -> tuple[object, ...]:
    row, faces, templates = _main(analysis), analysis.found, analysis.templates
    eyes = faces.landmarks["five"].xy[row, :2]
    return (
        faces.attributes["quality"].values[row, 1:],
        templates.vectors[row],
        templates.norm[row],
        faces.detection_score[row],
        np.linalg.norm(eyes[0] - eyes[1]),
    )


def mixed(clean: Samples, worse: Samples, *, share: float = 0.125, seed: int = 0) -> Samples:
    """Return the clean samples with a share of them replaced by their degraded copies."""
    row_of = {picture: row for row, picture in enumerate(worse.picture)}
    swap = np.random.default_rng(seed).random(len(clean.picture)) < share
    rows = np.array(
        [row_of.get(p, -1) if s else -1 for p, s in zip(clean.picture, swap, strict=True)]
    )
    columns = []
    for item in fields(Samples):
        column = getattr(clean, item.name).copy()
        if column.dtype.kind == "U":
            column = column.astype(object)
        column[rows >= 0] = getattr(worse, item.name)[rows[rows >= 0]]
        columns.append(column)
    return Samples(*columns)


def comparisons(found: Samples, *, seed: int = 0) -> Comparisons:
    """Return the mated comparisons, at most MOST_PAIRS a subject, and the threshold."""
    score = found.vectors @ found.vectors.T
    left, right = np.triu_indices(len(score), 1)
    mated = found.subject[left] == found.subject[right]
    non_mated = score[left[~mated], right[~mated]]
    left, right = left[mated], right[mated]
    # The first few of each subject in a random order.
    order = np.random.default_rng(seed).permutation(len(left))
    _, person = np.unique(found.subject[left], return_inverse=True)
    ranked = order[np.argsort(person[order], kind="stable")]
    place = np.arange(len(ranked)) - np.searchsorted(person[ranked], person[ranked])
    keep = np.sort(ranked[place < MOST_PAIRS])
    left, right = left[keep], right[keep]
    threshold = threshold_at_fmr(non_mated, FMR)
    return Comparisons(left, right, score[left, right], threshold, len(non_mated))
