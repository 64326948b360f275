"""MXNet's RecordIO, in which training sets of faces are passed on: MS1M, Glint360K, WebFace."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.sample import Sample
from mien.errors import DatasetError

_MAGIC = 0xCED7230A
_LENGTH_BITS = 29
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)


@register
class RecordIo(Folder):
    """``train.rec``: each record is a header (flag, label, id, id2) and an encoded picture.

    With a flag n > 0 the label is n float32 after the header, of which the first counts. Records
    without a picture (insightface's first, and its ranges of people) are left out. The file is
    read from front to back, one record in memory; ``train.idx`` is not needed.
    """

    name = "recordio"
    title = "MS1M, Glint360K, WebFace (RecordIO)"
    source = "github.com/apache/mxnet python/mxnet/recordio.py; dmlc-core include/dmlc/recordio.h"
    gives = ("subject_id",)
    needs = ("train.rec",)

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures in the order of the file."""
        path = self.root / "train.rec"
        for place, record in _records(path):
            if len(record) < 24:
                raise DatasetError(f"{path}: byte {place}: a record of {len(record)} bytes")
            flag, label, number, _ = struct.unpack_from("<IfQQ", record)
            start = 24 + 4 * flag
            if len(record) < start:
                raise DatasetError(f"{path}: byte {place}: its {flag} labels are cut off")
            if flag:
                (label,) = struct.unpack_from("<f", record, 24)
            if len(record) == start:
                continue
            if not label.is_integer():
                raise DatasetError(f"{path}: byte {place}: label {label}, expected a whole number")
            yield Sample(f"train.rec#{number}", encoded=record[start:], subject_id=str(int(label)))


def _records(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield where each record begins, and its bytes."""
    with path.open("rb") as file:
        parts: list[bytes] = []
        while True:
            place = file.tell()
            head = file.read(8)
            if not head and not parts:
                return
            kind, part = _part(path, place, head, file)
            if (kind in (_WHOLE, _FIRST)) != (not parts):
                raise DatasetError(f"{path}: byte {place}: parts of records are out of order")
            parts.append(part)
            if kind in (_WHOLE, _LAST):
                # The writer splits records where the data happen to be the magic number.
                yield place, struct.pack("<I", _MAGIC).join(parts)
                parts = []


def _part(path: Path, place: int, head: bytes, file: IO[bytes]) -> tuple[int, bytes]:
    if len(head) < 8 or struct.unpack("<I", head[:4])[0] != _MAGIC:
        raise DatasetError(f"{path}: byte {place}: no record begins here")
    (announced,) = struct.unpack("<I", head[4:])
    kind, length = announced >> _LENGTH_BITS, announced & ((1 << _LENGTH_BITS) - 1)
    content = file.read(length + -length % 4)
    if len(content) < length or kind > _LAST:
        raise DatasetError(f"{path}: byte {place}: a record of {length} bytes is cut off")
    return kind, content[:length]
