"""The .bin packs of verification benchmarks: LFW, CFP, AgeDB, CALFW, CPLFW."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from mien.data.dataset import checked_split, register
from mien.data.folder import Folder
from mien.data.pair_lines import joined
from mien.data.pairs import Pairs
from mien.data.plain_pickle import as_bytes, as_flag, read_plain_pickle
from mien.data.sample import Sample
from mien.errors import DatasetError

FOLDS = 10
T = TypeVar("T")


@register
class VerificationBin(Folder):
    """A pickled ``(encoded pictures, is-same list)`` a benchmark; pair i is pictures 2i and 2i+1.

    The root is the folder with the packs, or one pack. Who is in a picture is not said. The pairs
    of a pack are in 10 folds of equal length, in their order, as their authors evaluate them. The
    pickle is read, never run.
    """

    name = "verification-bin"
    title = "Verification packs (.bin)"
    source = "github.com/deepinsight/insightface recognition/arcface_torch/eval/verification.py"
    gives = ("pairs",)
    files = {
        name: f"{name}.bin"
        for name in ("lfw", "cfp_ff", "cfp_fp", "agedb_30", "calfw", "cplfw", "vgg2_fp")
    }

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one pack."""
        path = self._pack(split)
        pictures, _ = _read_pack(path)
        for number, encoded in enumerate(pictures):
            yield Sample(f"{path.name}#{number}", encoded=encoded)

    def pairs(self, split: str | None = None) -> Pairs:
        """Return the comparisons of one pack, or of all."""
        checked_split(self, split)
        return joined([_pairs_of(self._pack(part)) for part in self._parts(split)])

    def _parts(self, split: str | None) -> tuple[str, ...]:
        if self.root.is_file() and split is None:
            return (self.root.stem,)
        return tuple(super()._parts(split))

    def _pack(self, split: str) -> Path:
        return self.root if self.root.is_file() else self.root / self.files[split]


def _pairs_of(path: Path) -> Pairs:
    _, mated = _read_pack(path)
    name = np.array([f"{path.name}#{number}" for number in range(2 * len(mated))])
    folds = np.array_split(np.zeros(len(mated), np.int64), FOLDS)
    fold = np.concatenate([part + number for number, part in enumerate(folds)])
    return Pairs(name[::2], name[1::2], np.array(mated), fold)


def _read_pack(path: Path) -> tuple[list[bytes], list[bool]]:
    content = read_plain_pickle(path)
    if not isinstance(content, list | tuple) or len(content) != 2:
        raise DatasetError(f"{path}: expected a pickled pair (pictures, is-same list)")
    pictures = _all(path, "picture", [as_bytes(one) for one in _sequence(path, content[0])])
    mated = _all(path, "is-same flag", [as_flag(one) for one in _sequence(path, content[1])])
    if len(pictures) != 2 * len(mated) or not mated:
        raise DatasetError(
            f"{path}: got {len(pictures)} pictures and {len(mated)} pairs, expected two a pair"
        )
    return pictures, mated


def _sequence(path: Path, content: object) -> list[object]:
    if not isinstance(content, list | tuple):
        raise DatasetError(f"{path}: got a {type(content).__name__}, expected a list")
    return list(content)


def _all(path: Path, what: str, values: list[T | None]) -> list[T]:
    for number, value in enumerate(values):
        if value is None:
            raise DatasetError(f"{path}: {what} {number} is not of a kind that packs hold")
    return [value for value in values if value is not None]
