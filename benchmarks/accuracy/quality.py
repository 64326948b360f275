"""Quality: do comparison errors go when the pictures of low quality are left out?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.accuracy.quality_samples import (
    FMR,
    REPORT,
    Comparisons,
    Samples,
    comparisons,
    mixed,
    samples,
)
from benchmarks.accuracy.rows import Row
from mien import Analyzer
from mien.metrics.discard import discard_area, error_versus_discard, pair_quality
from mien.tasks.quality_scores import COMPONENTS, fitted, unified_score

TITLE = "Quality (error versus discard)"
PROTOCOL = (
    "Mated comparisons of the default recogniser, at most 60 a subject; the threshold gives FMR "
    f"{FMR:g} on all non-mated comparisons of the same pictures and stays fixed. A comparison is "
    "as good as the worse of its two pictures; the worst are discarded. `area`: under the curve "
    "from 0 to 30 % discarded, over that of discarding at random (1 = knows nothing). Intervals: "
    "bootstrap over subjects. The unified score was fitted on LFW folds 1-3 and CelebA even ids; "
    "reported are LFW folds 4-5, CelebA odd ids and, of no part in the fit, YTF (four frames a "
    "person). `degraded`: one in eight pictures was blurred, compressed, shrunk, darkened, "
    "overexposed, made noisy or partly covered. Embedding norm is that of the mirrored template: "
    "it falls when the crop and its mirror image disagree."
)
DISCARDED = (0.0, 0.05, 0.1, 0.2, 0.3)
RESAMPLES = 200


def measure(data: Path) -> list[Row]:
    """Measure the curves, what a mask does, and who is scored how."""
    clean = {name: samples(data, name, REPORT) for name in ("lfw", "celeba", "ytf")}
    worse = {name: samples(data, name, REPORT, worse=True) for name in ("lfw", "celeba")}
    sets = [
        ("LFW folds 4-5", clean["lfw"]),
        ("CelebA odd ids", clean["celeba"]),
        ("YTF", clean["ytf"]),
        ("LFW folds 4-5, degraded", mixed(clean["lfw"], worse["lfw"])),
        ("CelebA odd ids, degraded", mixed(clean["celeba"], worse["celeba"])),
    ]
    rows = [row for name, found in sets for row in _curves(name, found)]
    return [*rows, _masks(data), *_ancestries(data)]


def _scores(found: Samples) -> dict[str, np.ndarray]:
    return {
        "unified": unified_score(found.components, fitted()),
        "detection score": found.detection,
        "embedding norm": found.norm,
        "inter-eye distance": found.inter_eye_px,
    }


def _curves(name: str, found: Samples) -> list[Row]:
    pairs = comparisons(found)
    quality = {
        score: pair_quality(values, pairs.left, pairs.right)
        for score, values in _scores(found).items()
    }
    draws = _draws(found.subject[pairs.left])
    rows = []
    for share in DISCARDED:
        statistic = partial(_fnmr, pairs, quality["unified"], share)
        note = f"threshold {pairs.threshold:.4f} on {pairs.n_non_mated:,} non-mated comparisons"
        rows.append(
            _row(f"{name}: FNMR, {share:.0%} discarded", statistic, draws, "" if share else note)
        )
    areas = {score: partial(_relative_area, pairs, values) for score, values in quality.items()}
    rows += [_row(f"{name}: area, {score}", area, draws) for score, area in areas.items()]
    for other in list(areas)[1:]:
        gain = partial(_difference, areas["unified"], areas[other])
        rows.append(_row(f"{name}: area, unified less {other}", gain, draws))
    return rows


def _fnmr(pairs: Comparisons, quality: np.ndarray, share: float, rows: np.ndarray) -> float:
    return float(
        error_versus_discard(
            pairs.score[rows], quality[rows], threshold=pairs.threshold, discard=np.array([share])
        )[0]
    )


def _relative_area(pairs: Comparisons, quality: np.ndarray, rows: np.ndarray) -> float:
    score = pairs.score[rows]
    area = discard_area(score, quality[rows], threshold=pairs.threshold)
    return area / max(float((score < pairs.threshold).mean()), 1e-9)


def _difference(
    one: Callable[[np.ndarray], float], other: Callable[[np.ndarray], float], rows: np.ndarray
) -> float:
    return one(rows) - other(rows)


def _draws(subject: np.ndarray, *, seed: int = 0) -> list[np.ndarray]:
    """Return all comparisons, then those of subjects drawn with replacement, RESAMPLES times."""
    _, person = np.unique(subject, return_inverse=True)
    members = [np.flatnonzero(person == index) for index in range(person.max() + 1)]
    rng = np.random.default_rng(seed)
    chosen = rng.integers(0, len(members), (RESAMPLES, len(members)))
    return [np.arange(len(subject)), *(np.concatenate([members[i] for i in c]) for c in chosen)]


def _row(
    what: str, statistic: Callable[[np.ndarray], float], draws: Sequence[np.ndarray], note: str = ""
) -> Row:
    value, *others = (statistic(rows) for rows in draws)
    low, high = np.quantile(others, [0.025, 0.975])
    n = len(draws[0])
    return {
        "what": what,
        "value": value,
        "n": n,
        "low": float(low),
        "high": float(high),
        "note": note,
    }


def _masks(data: Path) -> Row:
    """How well `occlusion_prevention` tells faces with a mask from faces without one."""
    column = 1 + [item.label for item in COMPONENTS].index("occlusion_prevention")
    root = data / "mask_observations"
    without, masked = (
        _largest(sorted(root.glob(f"{part}/*"))) for part in ("without_mask", "with_mask")
    )
    a, b = without[:, column], masked[:, column]
    above = (a[:, None] > b).mean() + (a[:, None] == b).mean() / 2
    note = f"chance that it is higher; medians {np.median(a):.0f} without, {np.median(b):.0f} with"
    return {
        "what": "masks: occlusion_prevention, area under ROC",
        "value": float(above),
        "n": len(a) + len(b),
        "note": note,
    }


def _ancestries(data: Path) -> list[Row]:
    """The unified score of adults by labelled ancestry: the chips are alike, so should it be."""
    files: dict[int, list[Path]] = {race: [] for race in range(4)}
    for path in sorted((data / "utkface").glob("*.jpg")):
        parts = path.name.split("_")
        held = int(hashlib.sha1(path.name.encode()).hexdigest(), 16) % 5 == 0
        if held and len(parts) == 4 and 18 <= int(parts[0]) < 60 and int(parts[2]) < 4:
            files[int(parts[2])].append(path)
    rows: list[Row] = []
    for race, name in enumerate(("White", "Black", "Asian", "Indian")):
        unified = _largest(files[race][:150])[:, 0]
        low, high = np.quantile(unified, [0.25, 0.75])
        rows.append(
            {
                "what": f"UTKFace adults, labelled {name}: unified, median",
                "value": float(np.median(unified)),
                "n": len(unified),
                "note": f"quartiles {low:.0f} and {high:.0f}; chips of 112 px",
            }
        )
    return rows


def _largest(paths: list[Path]) -> np.ndarray:
    """Return the quality (M,15) of the largest face of each picture that has one."""
    analyzer = Analyzer(("quality",))
    rows = []
    for analysis in analyzer.analyze_many(paths):
        faces = analysis.found
        if len(faces):
            row = int(faces.boxes.wh.prod(axis=1).argmax())
            rows.append(faces.attributes["quality"].values[row])
    return np.array(rows)
