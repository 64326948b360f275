"""Which detected boxes are right: overlap, and one-to-one assignment by falling score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError
from mien.metrics.ratios import ratios
from mien.types.arrays import Array, BoolArray, FloatArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class PictureBoxes:
    """What was found in one picture, and what is there.

    ``found_xyxy (D,4)`` float64 px with ``score (D,)``; ``truth_xyxy (G,4)`` float64 px;
    ``ignored (G,)`` truth that counts neither when found nor when missed; ``crowd (G,)`` truth
    that stands for many faces (COCO): ignored, and may be found any number of times. Raises
    ArrayError for NaN, other shapes, or boxes whose right is left of their left.
    """

    found_xyxy: FloatArray
    score: FloatArray
    truth_xyxy: FloatArray
    ignored: BoolArray | None = None
    crowd: BoolArray | None = None

    def __post_init__(self) -> None:
        for name in ("found_xyxy", "truth_xyxy"):
            boxes = checked(name, _rows_of_4(getattr(self, name)), ("N", 4), dtype=np.float64)
            if (boxes[:, 2:] < boxes[:, :2]).any():
                raise ArrayError(f"{name}: got a box with x2 < x1 or y2 < y1, expected xyxy")
            object.__setattr__(self, name, boxes)
        object.__setattr__(self, "score", checked("score", self.score, ("D",), dtype=np.float64))
        same_length("PictureBoxes", found_xyxy=len(self.found_xyxy), score=len(self.score))
        for name in ("ignored", "crowd"):
            given = getattr(self, name)
            flags = np.zeros(len(self.truth_xyxy), bool) if given is None else given
            flags = checked(name, flags, ("G",), dtype=np.bool_)
            same_length("PictureBoxes", truth_xyxy=len(self.truth_xyxy), **{name: len(flags)})
            object.__setattr__(self, name, flags)

    @property
    def is_ignored(self) -> BoolArray:
        """Which truth (G,) counts neither way."""
        flags: BoolArray = np.asarray(self.ignored, bool)
        return flags

    @property
    def is_crowd(self) -> BoolArray:
        """Which truth (G,) stands for many faces."""
        flags: BoolArray = np.asarray(self.crowd, bool)
        return flags


def _rows_of_4(boxes: FloatArray) -> Array:
    """Read an empty list as no boxes."""
    array = np.asarray(boxes, np.float64)
    return array.reshape(0, 4) if array.size == 0 else array


def areas(boxes_xyxy: FloatArray, *, pixel: float = 0.0) -> Array:
    """Return areas (N,) px² of boxes (N,4); ``pixel`` = 1 where x2 and y2 lie inside the box."""
    sides = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2] + pixel
    found: Array = sides[:, 0] * sides[:, 1]
    return found


def overlaps(
    a_xyxy: FloatArray,
    b_xyxy: FloatArray,
    *,
    pixel: float = 0.0,
    crowd: BoolArray | None = None,
) -> Array:
    """Return intersection over union (A,B) of boxes (A,4) and (B,4), 0 where both are empty.

    For a ``crowd (B,)`` box the union is the area of the other one, as COCO has it.
    """
    low = np.maximum(a_xyxy[:, None, :2], b_xyxy[None, :, :2])
    high = np.minimum(a_xyxy[:, None, 2:], b_xyxy[None, :, 2:])
    sides = np.maximum(high - low + pixel, 0)
    shared = sides[..., 0] * sides[..., 1]
    mine = areas(a_xyxy, pixel=pixel)[:, None]
    union = mine + areas(b_xyxy, pixel=pixel)[None] - shared
    if crowd is not None:
        union = np.where(crowd[None], mine, union)
    return ratios(shared, union, empty=0)


def assigned(iou: Array, ignored: BoolArray, crowd: BoolArray, *, at_least: float) -> Array:
    """Return the truth (D,) int64 that each box takes, -1 for none; boxes by falling score.

    Each takes the free truth of highest overlap; truth that counts before ignored truth; a crowd
    is never used up. Rule: taken iff IoU >= ``at_least``. Ties: the later truth, as COCO's code
    does. Empty: no boxes give no rows.
    """
    taken = np.full(len(iou), -1)
    free = np.ones(iou.shape[1], bool)
    for row, overlap in enumerate(iou):
        open_to = (free | crowd) & (overlap >= at_least)
        for wanted in (open_to & ~ignored, open_to & ignored):
            if wanted.any():
                best = np.flatnonzero(wanted & (overlap == overlap[wanted].max()))[-1]
                taken[row] = best
                free[best] = False
                break
    return taken


def by_score(picture: PictureBoxes, *, most: int | None = None) -> Array:
    """Return the order (D,) of falling score, the earlier of equals first; ``most`` at the top."""
    order: Array = np.argsort(-picture.score, kind="stable")[:most]
    return order
