"""Candidates: what detectors propose over a batch of pictures, before it is decided upon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.geometry.boxes import iou, suppress
from mien.geometry.similarity import square_roi
from mien.types.arrays import BoolArray, FloatArray, Index, IntArray

#: Boxes that overlap by more than this show the same face.
SAME_FACE_IOU = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """M proposed faces: ``owner (M,)`` their picture, ``logit``, ``quarters (M,)``, ``coords``.

    ``coords (M,8,2)`` px of the picture: low and high corner of the box, then ``blaze6``.
    ``quarters``: by how many quarter turns counter-clockwise the picture was turned to see it.
    """

    owner: IntArray
    logit: FloatArray
    quarters: IntArray
    coords: FloatArray

    @classmethod
    def empty(cls) -> Candidates:
        """No candidate."""
        none = np.zeros(0, np.int64)
        return cls(none, np.zeros(0, np.float32), none, np.zeros((0, 8, 2), np.float32))

    @classmethod
    def concatenate(cls, parts: Sequence[Candidates]) -> Candidates:
        """Put candidates one after the other."""
        parts = [part for part in parts if len(part)]
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([part.owner for part in parts]),
            np.concatenate([part.logit for part in parts]),
            np.concatenate([part.quarters for part in parts]),
            np.concatenate([part.coords for part in parts]),
        )

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.owner)

    def __getitem__(self, index: Index) -> Candidates:
        """Return the chosen rows."""
        return Candidates(
            self.owner[index], self.logit[index], self.quarters[index], self.coords[index]
        )

    def of(self, pictures: Sequence[int] | IntArray) -> Candidates:
        """Return the same rows where ``pictures[i]`` is written for owner i."""
        owner = np.asarray(pictures, np.int64)[self.owner]
        return Candidates(owner, self.logit, self.quarters, self.coords)

    def scored(self, logit: FloatArray) -> Candidates:
        """Return the same rows with another logit (M,)."""
        logit = np.asarray(logit, np.float32)
        return Candidates(self.owner, logit, self.quarters, self.coords)

    @property
    def xyxy(self) -> FloatArray:
        """The boxes (M,4) px."""
        return self.coords[:, :2].reshape(-1, 4)

    @property
    def centre(self) -> FloatArray:
        """The middles of the boxes (M,2) px."""
        return np.asarray(self.coords[:, :2].mean(axis=1))

    @property
    def side(self) -> FloatArray:
        """The mean sides of the boxes (M,) px, at least a tenth of a pixel."""
        return np.asarray(np.maximum((self.coords[:, 1] - self.coords[:, 0]).mean(axis=1), 0.1))

    def squares(self, scale: float, quarters: IntArray, size_px: int) -> FloatArray:
        """Return maps (M,2,3) from crops of ``size_px`` to squares round the boxes, so turned."""
        turn_rad = quarters * (np.pi / 2)
        return square_roi(self.centre, self.side * scale, turn_rad, size_px)


def with_box_corners(coords: FloatArray) -> FloatArray:
    """Return coords (M,8,2) whose first two rows are low and high corner again after a turn."""
    low, high = coords[:, :2].min(axis=1), coords[:, :2].max(axis=1)
    return np.concatenate([low[:, None], high[:, None], coords[:, 2:]], axis=1)


def merge(found: Candidates, max_overlap: float) -> Candidates:
    """Return one candidate for each group on the same face: its best logit, its mean coordinates.

    A group is a best candidate and all of the same picture that overlap it by IoU >
    ``max_overlap``; the mean is weighted by probability and taken over candidates seen at the
    same turn as the best one [Bazarevsky et al. 2019, section 4.2].
    """
    if len(found) < 2:
        return found
    overlap = iou(found.xyxy, found.xyxy) * (found.owner[:, None] == found.owner[None])
    kept = suppress(overlap, found.logit, max_overlap)
    best = found[kept]
    member: BoolArray = (overlap[kept] > max_overlap) & (best.quarters[:, None] == found.quarters)
    # In double precision: the order of the sum, which depends on the rest of the batch, must not
    # show in a result, or a picture would be measured differently in other company.
    certainty = 1 / (1 + np.exp(-found.logit.astype(np.float64)))
    weight = member * certainty
    weight[np.arange(len(kept)), kept] = certainty[kept]
    weight /= weight.sum(axis=1, keepdims=True)
    coords = np.einsum("km,mij->kij", weight, found.coords.astype(np.float64)).astype(np.float32)
    return Candidates(best.owner, best.logit, best.quarters, coords)
