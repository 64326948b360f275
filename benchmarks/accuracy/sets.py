"""Templates of sets: what several pictures of a person are worth, and how to put them together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.accuracy.quality_samples import REPORT, Samples, mixed, samples
from benchmarks.accuracy.rows import Row
from mien.metrics.clustered import clustered_intervals
from mien.metrics.verification import false_non_match_rate, threshold_at_fmr
from mien.recognition.sets import TemplateSet
from mien.tasks.quality_scores import LABELS, fitted, unified_score
from mien.types import Templates

TITLE = "Templates of sets and tracks"
PROTOCOL = (
    "LFW folds 4-5 and CelebA odd ids: of each subject disjoint sets of 1, 3 or 10 pictures, drawn "
    "at random (at most 6 sets a subject), half or all of the pictures degraded; all sets of one "
    "size are compared with each other. Lopsided: three pictures, of which the worst stands 20 "
    "times, as in a long blurred stretch of a video. YTF: three frames of a video against one of "
    "another. FNMR at the threshold where FMR is 1e-2 on the non-mated comparisons of the same "
    "rule. `single`: the picture of the best quality; `mean`: the mean of the unit vectors; "
    "`quality`, `cluster`: the two rules of `mien.recognition.sets`, with constants chosen on "
    "CelebA even ids. Intervals: resampled subjects, 200 times, threshold fixed."
)
SIZES = (1, 3, 10)
MOST_SETS = 6
#: In lopsided sets of this many pictures the worst one stands this often.
LOPSIDED, REPEATS = 3, 20
FMR = 1e-2
_MODEL = "resnet29.dlib"

Rule = Callable[[Templates, np.ndarray], Templates]
RULES: dict[str, Rule] = {
    "single": lambda templates, yaw: templates[[int(np.argmax(templates.quality))]],
    "mean": lambda templates, yaw: Templates.from_raw(
        templates.vectors.mean(axis=0, keepdims=True), templates.model_id
    ),
    "quality": lambda templates, yaw: TemplateSet.of(templates).result(rule="quality"),
    "cluster": lambda templates, yaw: TemplateSet.of(templates, yaw_deg=yaw).result(),
}


def measure(data: Path) -> list[Row]:
    """Measure all rules at all sizes that the sets of pictures have."""
    rows: list[Row] = []
    for name, title in (("lfw", "LFW"), ("celeba", "CelebA")):
        clean, worse = (samples(data, name, REPORT, worse=w) for w in (False, True))
        half = mixed(clean, worse, share=0.5)
        for size in SIZES:
            sets = drawn_sets(half.subject, size)
            rows += compared(f"{title}, half degraded, sets of {size}", half, sets)
            if size == LOPSIDED:
                repeated = [lopsided(rows, quality_of(half)) for rows in sets]
                rows += compared(f"{title}, half degraded, lopsided", half, repeated)
        sets = drawn_sets(worse.subject, SIZES[-1])
        rows += compared(f"{title}, all degraded, sets of {SIZES[-1]}", worse, sets)
    frames = samples(data, "ytf", REPORT)
    return rows + compared("YTF, 3 frames to 1", frames, tracks(frames.picture))


def drawn_sets(subject: np.ndarray, size: int, *, seed: int = 0) -> list[np.ndarray]:
    """Return disjoint sets (rows) of pictures of each subject that has enough for two."""
    rng = np.random.default_rng(seed)
    found = []
    for name in np.unique(subject.astype(str)):
        rows = rng.permutation(np.flatnonzero(subject.astype(str) == name))
        n_sets = min(len(rows) // size, MOST_SETS)
        if n_sets >= 2:
            found += [rows[size * i : size * (i + 1)] for i in range(n_sets)]
    return found


def lopsided(rows: np.ndarray, quality: np.ndarray) -> np.ndarray:
    """Return a set in which the worst picture stands REPEATS times."""
    worst = rows[int(np.argmin(quality[rows]))]
    return np.concatenate([rows, np.full(REPEATS - 1, worst)])


def quality_of(found: Samples) -> np.ndarray:
    """Return the unified quality of each picture."""
    return unified_score(np.asarray(found.components, np.float32), fitted())


def tracks(pictures: np.ndarray) -> list[np.ndarray]:
    """Return the rows of each video, named person_video-and-frame; a person with two at least."""
    names = [Path(str(picture)).stem for picture in pictures]
    videos: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        videos.setdefault(name[:-1], []).append(row)
    people = [video.rsplit("_", 1)[0] for video in videos]
    return [
        np.array(rows)
        for (rows, person) in zip(videos.values(), people, strict=True)
        if people.count(person) > 1
    ]


def compared(title: str, found: Samples, sets: list[np.ndarray]) -> list[Row]:
    """Return FNMR of every rule over all comparisons of sets; none for fewer than 10 subjects."""
    quality = quality_of(found)
    frontal = found.components[:, LABELS.index("yaw") - 1] / 100
    yaw_deg = np.rad2deg(np.arccos(np.sqrt(np.clip(np.nan_to_num(frontal), 0, 1))))
    vectors = np.asarray(found.vectors, np.float32)
    templates = Templates(vectors, np.ones(len(vectors)), _MODEL, quality)
    _, person = np.unique(found.subject.astype(str)[[s[0] for s in sets]], return_inverse=True)
    if len(set(person.tolist())) < 10:
        return []
    first, second = np.triu_indices(len(sets), 1)
    left, right = person[first], person[second]
    scores = {}
    for name, rule in RULES.items():
        made = Templates.concatenate([rule(templates[list(s)], yaw_deg[s]) for s in sets])
        scores[name] = (made.vectors @ made.vectors.T)[first, second]
    mated = left == right
    return [
        _row(f"{title}, {name}: FNMR at FMR {FMR:g}", score, mated, left, right)
        for name, score in scores.items()
    ]


def _row(
    what: str, score: np.ndarray, mated: np.ndarray, left: np.ndarray, right: np.ndarray
) -> Row:
    threshold = threshold_at_fmr(score[~mated], FMR)
    missed = (score < threshold) & mated
    ((low, high),) = clustered_intervals(
        lambda weights: np.array([weights[missed].sum() / weights[mated].sum()]),
        left,
        right,
        n_subjects=int(left.max()) + 2,
    )
    return {
        "what": what,
        "value": false_non_match_rate(score[mated], threshold),
        "n": int(mated.sum()),
        "low": float(low),
        "high": float(high),
        "note": f"{int((~mated).sum()):,} non-mated; {len(np.union1d(left, right))} subjects",
    }
