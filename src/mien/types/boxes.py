"""Axis-aligned boxes, one row a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.types.arrays import FloatArray, Index, checked


@dataclass(frozen=True, slots=True, eq=False)
class Boxes:
    """``xyxy (N,4) float32 px``: continuous, origin at the corner of the top-left pixel.

    Width is x2 - x1. A box may leave the picture where the face does.
    """

    xyxy: FloatArray

    def __post_init__(self) -> None:
        """Check the shape."""
        object.__setattr__(self, "xyxy", checked("Boxes.xyxy", self.xyxy, ("N", 4)))

    @classmethod
    def empty(cls) -> Boxes:
        """No box."""
        return cls(np.zeros((0, 4), np.float32))

    def __len__(self) -> int:
        """Return the number of boxes."""
        return len(self.xyxy)

    def __getitem__(self, index: Index) -> Boxes:
        """Return the chosen rows."""
        return Boxes(self.xyxy[index])

    @property
    def wh(self) -> FloatArray:
        """Widths and heights, (N,2) px."""
        return self.xyxy[:, 2:] - self.xyxy[:, :2]

    @property
    def centres(self) -> FloatArray:
        """Centres x, y, (N,2) px."""
        return (self.xyxy[:, 2:] + self.xyxy[:, :2]) / 2
