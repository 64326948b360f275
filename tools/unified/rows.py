"""Chips with what is said of each, and the folder in which they are kept."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.train.taught import COLUMNS, MIRRORED, UNKNOWN, WIDTH

SIZE_PX = 112


@dataclass(frozen=True)
class Rows:
    """One row a chip; see mien.train.taught. ``mesh (N,468,2)`` px stays out of the folder."""

    inputs: NDArray[np.uint8]
    targets: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    masks: NDArray[np.uint8]
    names: NDArray[np.str_]
    subjects: NDArray[np.str_]
    mesh: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.names)

    def write(self, folder: Path) -> None:
        """Write the arrays into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "inputs.npy", self.inputs)
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        del columns["inputs"], columns["mesh"]
        np.savez(folder / "said.npz", **columns)


def blank(count: int, source: int) -> dict[str, NDArray[np.generic]]:
    """Return columns that say nothing yet."""
    targets = np.full((count, WIDTH), np.nan, np.float32)
    targets[:, COLUMNS["source"]] = source
    return {
        "targets": targets,
        "landmarks": np.full((count, len(MIRRORED), 3), np.nan, np.float32),
        "masks": np.full((count, SIZE_PX, SIZE_PX), UNKNOWN, np.uint8),
        "mesh": np.full((count, 468, 2), np.nan, np.float32),
    }


def joined(parts: list[Rows]) -> Rows:
    """Return all rows of several parts."""
    return Rows(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Rows)))
