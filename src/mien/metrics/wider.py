"""Average precision of face detection as WIDER FACE computes it, and without its shortcuts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mien.metrics.detection import PictureBoxes, by_score, overlaps
from mien.metrics.ratios import ratios
from mien.types.arrays import Array, BoolArray

#: Steps of the benchmark's own curve.
_STEPS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class DetectionCurve:
    """Precision and recall (T,) float64 over falling score, their area ``ap``, and of how many."""

    precision: Array
    recall: Array
    ap: float
    n_pictures: int
    n_truth: int


def wider_ap(
    pictures: Sequence[PictureBoxes], *, iou: float = 0.5, exact: bool = False
) -> DetectionCurve:
    """Return the precision-recall curve and its area; one call a subset (easy, medium, hard).

    Mark the faces outside the subset as ``ignored``: a box on one of them counts neither way. As
    in the benchmark a box belongs to the face that it overlaps most, the second box on a face is
    false, scores are stretched to 0..1 over all pictures, and the curve has 1,000 steps of score;
    pictures without faces or boxes add none, and sides are 1 px longer (x2 - x1 + 1). With
    ``exact`` every score is a step, sides are continuous, and false boxes count in all pictures.

    Rule: right iff IoU >= ``iou``. Ties: of equal overlaps the first face, of equal scores the
    earlier box; the curve takes equal scores together. Empty: NaN without a face in the subset; 0
    without boxes.
    Source: Yang et al., WIDER FACE (2016), and its evaluation code.
    """
    n = sum(int((~p.is_ignored).sum()) for p in pictures)
    parts = [_outcomes(picture, iou, exact) for picture in pictures]
    score, found, false = (np.concatenate([np.zeros(0), *column]) for column in _columns(parts))
    if not n or not len(score):
        none = np.zeros(0)
        return DetectionCurve(none, none, 0.0 if n else math.nan, len(pictures), n)
    rising, place = np.unique(score, return_inverse=True)
    hits, misses = (np.bincount(place, part, len(rising)) for part in (found, false))
    hits, misses = np.cumsum(hits[::-1]), np.cumsum(misses[::-1])
    if not exact:
        hits, misses = _in_steps(rising[::-1], hits, misses, pictures)
    precision = ratios(hits, hits + misses, empty=0)
    recall = hits / n
    return DetectionCurve(precision, recall, _area(precision, recall), len(pictures), n)


def in_subset(pictures: Sequence[PictureBoxes], keep: Sequence[BoolArray]) -> list[PictureBoxes]:
    """Return the pictures with all faces ignored but those to ``keep (G,)``, one array each."""
    return [replace(p, ignored=~np.asarray(k, bool)) for p, k in zip(pictures, keep, strict=True)]


def _columns(parts: list[tuple[Array, Array, Array]]) -> list[list[Array]]:
    return [[part[column] for part in parts] for column in range(3)]


def _outcomes(picture: PictureBoxes, iou: float, exact: bool) -> tuple[Array, Array, Array]:
    """Return scores (D,), and which boxes are the first on a face that counts, and false ones."""
    order = by_score(picture)
    score = picture.score[order]
    if not len(picture.truth_xyxy):
        counted = np.full(len(order), float(exact))
        return score, np.zeros(len(order)), counted
    overlap = overlaps(picture.found_xyxy[order], picture.truth_xyxy, pixel=0.0 if exact else 1.0)
    face = overlap.argmax(axis=1)
    near = overlap[np.arange(len(order)), face] >= iou
    dropped = near & picture.is_ignored[face]
    on_face = np.flatnonzero(near & ~dropped)
    first = np.zeros(len(order), bool)
    first[on_face[np.unique(face[on_face], return_index=True)[1]]] = True
    return score, first.astype(np.float64), (~dropped & ~first).astype(np.float64)


def _in_steps(
    falling: Array, hits: Array, misses: Array, pictures: Sequence[PictureBoxes]
) -> tuple[Array, Array]:
    """Read the counts at 1,000 thresholds from 0.999 to 0 of the scores, stretched to 0..1."""
    everything = np.concatenate([p.score for p in pictures])
    # The benchmark's code starts from 0 and 1, so that scores inside are stretched by less.
    low, high = min(1.0, everything.min()), max(0.0, everything.max())
    stretched = (falling - low) / (high - low) if high > low else np.zeros(len(falling))
    steps = 1 - np.arange(1, _STEPS + 1) / _STEPS
    reached = np.searchsorted(-stretched, -steps, side="right")
    return np.append(0, hits)[reached], np.append(0, misses)[reached]


def _area(precision: Array, recall: Array) -> float:
    """Return the area under the best precision at each recall or a higher one."""
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(np.concatenate([[0], recall])) * envelope).sum())
