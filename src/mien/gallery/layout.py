"""How one enrolled vector stands in the database: ids, quality, norm and components in one row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.errors import GalleryDamagedError
from mien.gallery.seal import Seal, place_of_slot
from mien.types.arrays import Array


def record_type(dimension: int) -> np.dtype[np.void]:
    """Return the fields of a record; quality is NaN where it is unknown."""
    return np.dtype(
        [
            ("reference", "<i8"),
            ("subject", "<i8"),
            ("quality", "<f4"),
            ("norm", "<f4"),
            ("vector", "<f4", (dimension,)),
        ]
    )


def to_stored(records: Array, slots: Sequence[int], seal: Seal) -> list[bytes]:
    """Return the bytes of each record for its slot."""
    data, size = records.tobytes(), records.dtype.itemsize
    return [
        seal.close(data[row * size : (row + 1) * size], place_of_slot(slot))
        for row, slot in enumerate(slots)
    ]


def from_stored(
    slots: Sequence[int], stored: Sequence[bytes | None], dimension: int, seal: Seal
) -> Array:
    """Return the records (N,) of what is stored in slots.

    Erased rows, and those that are gone (``None``), have reference 0. Raises GalleryDamagedError
    for rows of another length, GalleryKeyError for rows that were not sealed for their slot.
    """
    kind = record_type(dimension)
    empty = b"\0" * (kind.itemsize + seal.extra_bytes)
    data = seal.open_all([empty if row is None else row for row in stored], slots)
    if len(data) != len(stored) * kind.itemsize:
        raise GalleryDamagedError(
            f"gallery: vectors {slots[0]} to {slots[-1]} are not of {dimension} numbers each"
        )
    return np.frombuffer(data, kind)


def move_stored(data: bytes, slot: int, target: int, seal: Seal) -> bytes:
    """Return the bytes of a record for another slot."""
    return seal.close(seal.open(data, place_of_slot(slot)), place_of_slot(target))
