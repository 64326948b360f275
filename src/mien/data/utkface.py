"""UTKFace: age, gender and ancestry, written in the name of each file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from mien.data.dataset import checked_split, register
from mien.data.sample import Label, Sample
from mien.data.splits import hashed_part
from mien.errors import DatasetError
from mien.io import find_images

_GENDERS = ("male", "female")
_ANCESTRIES = ("white", "black", "asian", "indian", "other")
_OLDEST = 120


@register
class UtkFace:
    """``age_gender_race_date.jpg``: gender 0 male, 1 female; race 0 white ... 4 other.

    Splits by the SHA-1 of the file name: mien's models were fitted on ``fit``, four fifths.
    """

    name: ClassVar[str] = "utkface"
    title: ClassVar[str] = "UTKFace"
    source: ClassVar[str] = "https://susanqq.github.io/UTKFace/"
    gives: ClassVar[tuple[str, ...]] = ("apparent_age", "apparent_gender", "apparent_ancestry")
    layout: ClassVar[Literal["verified", "unverified"]] = "verified"
    splits: ClassVar[tuple[str, ...]] = ("fit", "report")

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self) -> None:
        """Raise DatasetError unless there is a picture with such a name."""
        if next(self.samples(), None) is None:
            raise DatasetError(f"{self.root}: no picture below it")

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every picture, sorted. Raises DatasetError for another name."""
        checked_split(self, split)
        if not self.root.is_dir():
            raise DatasetError(f"{self.root}: no such folder")
        for path in find_images(self.root):
            if split is None or _split_of(path.name) == split:
                yield _sample(self.root, path)


def _split_of(name: str) -> str:
    return "report" if hashed_part(name, 5) == 0 else "fit"


def _sample(root: Path, path: Path) -> Sample:
    age, gender, race = (path.name.split("_") + [""] * 3)[:3]
    if (
        not (age.isdecimal() and int(age) <= _OLDEST)
        or gender not in ("0", "1")
        or race not in ("0", "1", "2", "3", "4")
    ):
        raise DatasetError(
            f"{path}: its name is not age_gender_race_date (gender 0 or 1, race 0 to 4); a few "
            "files of the distribution lack a part: correct them or take them out"
        )
    labels: dict[str, Label] = {
        "apparent_age": float(age),
        "apparent_gender": _GENDERS[int(gender)],
        "apparent_ancestry": _ANCESTRIES[int(race)],
    }
    return Sample(path.relative_to(root).as_posix(), path, labels=labels)
