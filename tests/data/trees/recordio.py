"""A header record, a picture with a plain label, one with two labels and split in two parts."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.data.trees import Break, Expected, encoded

MAGIC = struct.pack("<I", 0xCED7230A)
EXPECTED = Expected(("train.rec#1", "train.rec#2"), first_subject="5")


def _part(content: bytes, kind: int = 0) -> bytes:
    head = MAGIC + struct.pack("<I", kind << 29 | len(content))
    return head + content + b"\0" * (-len(content) % 4)


def _head(number: int, label: float, *more: float) -> bytes:
    extra = struct.pack(f"<{len(more)}f", *more)
    return struct.pack("<IfQQ", len(more), label, number, 0) + extra


def records() -> bytes:
    # JPEG and PNG readers ignore what follows the picture.
    long = _head(2, 0, 6, 0) + encoded() + MAGIC + b"rest"
    cut = long.index(MAGIC)
    return (
        _part(_head(0, 0, 3, 4))
        + _part(_head(1, 5) + encoded())
        + _part(long[:cut], 1)
        + _part(long[cut + 4 :], 3)
    )


def build(root: Path) -> None:
    (root / "train.rec").write_bytes(records())


def _bytes(content: bytes) -> Break:
    return lambda root: (root / "train.rec").write_bytes(content)


BROKEN = (
    (_bytes(b"RIFFxxxx"), "train.rec: byte 0: no record begins here"),
    (_bytes(records()[:-4]), "train.rec: byte [0-9]+: a record of 4 bytes is cut off"),
    (_bytes(_part(b"short")), "train.rec: byte 0: a record of 5 bytes"),
    (_bytes(_part(_head(1, 5.5) + b"x")), "train.rec: byte 0: label 5.5"),
    (_bytes(_part(struct.pack("<IfQQ", 9, 0, 1, 0))), "train.rec: byte 0: its 9 labels are cut"),
    (_bytes(_part(b"x", 3)), "train.rec: byte 0: parts of records are out of order"),
    (_bytes(_part(b"x", 1)), "no record begins here"),
)
