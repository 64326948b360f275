"""CelebA as pictures of people: which subject each picture shows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from mien.data.dataset import checked_split, register
from mien.data.rows import split_lines
from mien.data.sample import Sample
from mien.errors import DatasetError

_LISTS = ("identity_CelebA.txt", "identity.txt", "Anno/identity_CelebA.txt")
_FOLDERS = ("img_align_celeba", "img", "Img/img_align_celeba", "Img/img_celeba")
_SPLITS = ("even-ids", "odd-ids")


@register
class CelebaIdentity:
    """``identity_CelebA.txt`` (``file id`` a line) beside a folder of pictures.

    Splits by the parity of the subject's number: mien's models were fitted on even ids.
    """

    name: ClassVar[str] = "celeba-identity"
    title: ClassVar[str] = "CelebA, identities"
    source: ClassVar[str] = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
    gives: ClassVar[tuple[str, ...]] = ("subject_id",)
    layout: ClassVar[Literal["verified", "unverified"]] = "verified"
    splits: ClassVar[tuple[str, ...]] = _SPLITS

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Raise DatasetError unless the list and its first picture are there."""
        if next(self.samples(), None) is None:
            raise DatasetError(f"{self._found(_LISTS)}: names no picture")

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every picture in the order of the list. Raises DatasetError with the line."""
        checked_split(self, split)
        pictures = self._found(_FOLDERS)
        for row in split_lines(self._found(_LISTS), cells=2):
            if split is not None and _SPLITS[row.integer(1) % 2] != split:
                continue
            path = pictures / row[0]
            if not path.is_file():
                raise row.error(f"{row[0]} is not there, below {pictures}")
            yield Sample(row[0], path, subject_id=str(row.integer(1)))

    def _found(self, names: tuple[str, ...]) -> Path:
        for name in names:
            if (self.root / name).exists():
                return self.root / name
        raise DatasetError(f"{self.root}: holds none of {', '.join(names)}")
