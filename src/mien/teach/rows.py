"""Chips with what is said of each, and the folder in which they are kept."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from mien.errors import InputError
from mien.train.taught import COLUMNS, MIRRORED, UNKNOWN, WIDTH
from mien.types.arrays import Array, ByteArray, FloatArray

SIZE_PX = 112


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One row a chip; see mien.train.taught. ``mesh (N,468,2)`` px stays out of the folder."""

    inputs: ByteArray
    targets: FloatArray
    landmarks: FloatArray
    masks: ByteArray
    names: Array
    subjects: Array
    mesh: FloatArray

    def __len__(self) -> int:
        """How many chips there are."""
        return len(self.names)

    def write(self, folder: Path) -> None:
        """Write the arrays into a new folder, which appears whole or not at all.

        Raises InputError where something is there already, or nothing can be written.
        """
        refuse_used(folder)
        place = folder.absolute()
        part = place.with_name(f".{place.name}.{os.getpid()}.part")
        columns = {f.name: getattr(self, f.name) for f in fields(self)}
        del columns["inputs"], columns["mesh"]
        try:
            part.mkdir(parents=True)
            np.save(part / "inputs.npy", self.inputs)
            np.savez(part / "said.npz", **columns)
            part.replace(place)
        except OSError as error:
            raise InputError(f"{folder}: cannot be written: {error.strerror}") from error
        finally:
            shutil.rmtree(part, ignore_errors=True)


def refuse_used(folder: Path) -> None:
    """Raise InputError when there is a file of that name, or a folder with something in it."""
    if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
        raise InputError(f"{folder}: is there already; remove it, or choose another folder")


def blank(count: int, source: int) -> dict[str, Array]:
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
