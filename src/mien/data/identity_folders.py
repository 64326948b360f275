"""A folder a person, pictures below it: the layout that most people make themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from mien.data.dataset import checked_split, register
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.io import find_images


@register
class IdentityFolders:
    """``root/<subject_id>/**/picture``; pictures beside the folders belong to nobody: refused."""

    name: ClassVar[str] = "identity-folders"
    title: ClassVar[str] = "Identity folders"
    source: ClassVar[str] = "one folder a person"
    gives: ClassVar[tuple[str, ...]] = ("subject_id",)
    layout: ClassVar[Literal["verified", "unverified"]] = "verified"
    splits: ClassVar[tuple[str, ...]] = ()

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Raise DatasetError unless the folder holds at least one person with a picture."""
        if next(self.samples(), None) is None:
            raise DatasetError(f"{self.root}: no picture below it, expected a folder a person")

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every picture, sorted by path."""
        checked_split(self, split)
        if not self.root.is_dir():
            raise DatasetError(f"{self.root}: no such folder, expected one with a folder a person")
        for path in find_images(self.root):
            place = path.relative_to(self.root)
            if len(place.parts) < 2:
                raise DatasetError(f"{path}: lies in no person's folder; move it into one")
            yield Sample(place.as_posix(), path, subject_id=place.parts[0])
