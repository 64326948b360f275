"""Average precision of detection as COCO computes it: IoU .5 to .95, 101 recalls, three sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError
from mien.metrics.detection import PictureBoxes, areas, assigned, by_score, overlaps
from mien.types.arrays import Array, FloatArray

IOUS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
#: Areas in px² of COCO's sizes, both ends inside.
ALL, SMALL, MEDIUM, LARGE = (0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10)
MOST_BOXES = 100


@dataclass(frozen=True, slots=True)
class CocoScores:
    """COCO's figures: ``ap`` over IoU .5 to .95, at .5, at .75, by size; recall; and of what."""

    ap: float
    ap50: float
    ap75: float
    ap_small: float
    ap_medium: float
    ap_large: float
    ar: float
    n_pictures: int
    n_truth: int


def coco_scores(pictures: Sequence[PictureBoxes]) -> CocoScores:
    """Return average precision and recall of one class over all pictures.

    Intervals need the pictures resampled: see ``mien.metrics.bootstrap``.

    Rule: right iff IoU >= threshold; at most 100 boxes a picture. Ties: the earlier picture and
    the earlier box first; of equal overlaps the later truth. Empty: NaN without truth that counts;
    0 without boxes. Source: Lin et al., Microsoft COCO (2014); pycocotools 2.0.
    """
    precision, recall = _averages(pictures, ALL)
    small, medium, large = (
        float(_averages(pictures, size)[0].mean()) for size in (SMALL, MEDIUM, LARGE)
    )
    return CocoScores(
        ap=float(precision.mean()),
        ap50=float(precision[0]),
        ap75=float(precision[5]),
        ap_small=small,
        ap_medium=medium,
        ap_large=large,
        ar=float(recall.mean()),
        n_pictures=len(pictures),
        n_truth=sum(int((~(p.is_ignored | p.is_crowd)).sum()) for p in pictures),
    )


def average_precision_at(
    pictures: Sequence[PictureBoxes], *, iou: float, area: tuple[float, float] = ALL
) -> float:
    """Return average precision on 101 recalls at one IoU, of truth with an area in px² in range.

    Truth outside ``area`` is ignored, and boxes outside it that took no truth.

    Rule: right iff IoU >= ``iou``; at most 100 boxes a picture. Ties: as ``coco_scores``. Empty:
    NaN without truth that counts; 0 without boxes.
    """
    return float(_averages(pictures, area, ious=np.array([iou]))[0][0])


def _averages(
    pictures: Sequence[PictureBoxes], area: tuple[float, float], *, ious: FloatArray = IOUS
) -> tuple[Array, Array]:
    """Return average precision and recall (T,) at each overlap."""
    if not all(0 < iou <= 1 for iou in ious):
        raise ArrayError(f"iou: got {ious.tolist()}, expected overlaps in (0, 1]")
    parts = [_outcomes(picture, area, ious) for picture in pictures]
    n = sum(part[3] for part in parts)
    if not n:
        nothing = np.full(len(ious), math.nan)
        return nothing, nothing
    score, right, counts = (
        np.concatenate([part[column] for part in parts], axis=-1) for column in range(3)
    )
    order = np.argsort(-score, kind="stable")
    rows = [_average(right[t, order], counts[t, order], n) for t in range(len(ious))]
    precision, recall = np.array(rows).T
    return precision, recall


def _outcomes(
    picture: PictureBoxes, area: tuple[float, float], ious: FloatArray
) -> tuple[Array, Array, Array, int]:
    """Return scores (D,), which boxes are right and which count (T,D), and how much truth does."""
    order = by_score(picture, most=MOST_BOXES)
    found, crowd = picture.found_xyxy[order], picture.is_crowd
    size, own = areas(picture.truth_xyxy), areas(found)
    ignored = picture.is_ignored | crowd | (size < area[0]) | (size > area[1])
    iou = overlaps(found, picture.truth_xyxy, crowd=crowd)
    # COCO's code asks for an overlap of 1 only up to rounding.
    taken = np.array([assigned(iou, ignored, crowd, at_least=min(t, 1 - 1e-10)) for t in ious])
    outside = (own < area[0]) | (own > area[1])
    drops = np.append(ignored, False)[taken] | ((taken < 0) & outside)
    return picture.score[order], (taken >= 0) & ~drops, ~drops, int((~ignored).sum())


def _average(right: Array, counts: Array, n: int) -> tuple[float, float]:
    """Return precision, averaged over the recalls, and the recall reached."""
    found, wrong = np.cumsum(right), np.cumsum(counts & ~right)
    if not len(found):
        return 0.0, 0.0
    precision = found / np.maximum(found + wrong, 1)
    # The best precision at this recall or a higher one.
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    place = np.searchsorted(found / n, RECALLS)
    reached = np.append(envelope, 0)[np.minimum(place, len(envelope))]
    return float(reached.mean()), float(found[-1] / n)
