"""Chips with what is said of each, and the folder in which they are kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
from numpy.lib import format as npy

from mien.errors import InputError
from mien.train.taught import COLUMNS, MIRRORED, UNKNOWN, WIDTH
from mien.types.arrays import Array, ByteArray, FloatArray

SIZE_PX = 112
#: Each array of pixels has a file of its own, to which rows are added one after the other.
_PIXELS = {"inputs": (SIZE_PX, SIZE_PX, 3), "masks": (SIZE_PX, SIZE_PX)}
_Part = TypeVar("_Part", bound="Said")


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What is said of chips; see mien.train.taught. ``mesh (N,468,2)`` px is not kept."""

    targets: FloatArray
    landmarks: FloatArray
    names: Array
    subjects: Array
    mesh: FloatArray

    def __len__(self) -> int:
        """How many chips there are."""
        return len(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Rows(Said):
    """One row a chip, with its pixels and regions."""

    inputs: ByteArray
    masks: ByteArray

    def said(self) -> Said:
        """Return the rows without pixels."""
        return Said(*(getattr(self, f.name) for f in fields(Said)))


class ChipFolder:
    """A folder in the making: rows are added, so that pixels need not fit into memory."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._place, self._count = folder, folder.absolute(), 0
        self._part = self._place.with_name(f".{self._place.name}.{os.getpid()}.part")
        self._files: dict[str, IO[bytes]] = {}

    def begin(self) -> None:
        """Make the files; InputError where that fails."""
        with self._errors():
            self._part.mkdir(parents=True)
            for name, shape in _PIXELS.items():
                self._files[name] = (self._part / f"{name}.npy").open("w+b")
                _write_header(self._files[name], (0, *shape))

    def add(self, rows: Rows) -> Said:
        """Write the rows' pixels; returns the rest, for ``finish``. InputError where that fails."""
        with self._errors():
            for name, file in self._files.items():
                file.write(getattr(rows, name).tobytes())
                file.flush()
        self._count += len(rows)
        return rows.said()

    def finish(self, said: Said) -> None:
        """Write what is said of all added rows; the folder is there then. InputError as above."""
        assert len(said) == self._count
        columns = {f.name: getattr(said, f.name) for f in fields(Said) if f.name != "mesh"}
        with self._errors():
            for name, file in self._files.items():
                file.seek(0)
                _write_header(file, (self._count, *_PIXELS[name]))
                file.close()
            np.savez(self._part / "said.npz", **columns)
            self._part.replace(self._place)

    def clean(self) -> None:
        """Remove what was not finished."""
        for file in self._files.values():
            # What could not be written cannot be written now either.
            with suppress(OSError):
                file.close()
        shutil.rmtree(self._part, ignore_errors=True)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(f"{self._folder}: cannot be written: {error.strerror}") from error


@contextmanager
def new_folder(folder: Path) -> Iterator[ChipFolder]:
    """Open a folder of chips that is there, whole, once it was finished; else not at all.

    Raises InputError where something is there already, or nothing can be written.
    """
    refuse_used(folder)
    made = ChipFolder(folder)
    try:
        made.begin()
        yield made
    finally:
        made.clean()


def _write_header(file: IO[bytes], shape: tuple[int, ...]) -> None:
    # numpy leaves room for the first side to grow, so that a later header is as long as the first.
    npy.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})


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


def joined(parts: Sequence[_Part]) -> _Part:
    """Return all rows of several parts, of which there is one at least."""
    kind = type(parts[0])
    return kind(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(kind)))
