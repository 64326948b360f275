"""What most readers share: where their label files lie, which splits are there, the check."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from mien.data.dataset import Dataset, checked_split
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.io import find_images
from mien.types import Boxes, Landmarks


class Folder(Dataset, ABC):
    """A data set whose splits each have a label file or folder of their own, or that has none.

    ``files`` maps each split to its file or folder; a copy without some of them is read as far as
    it goes, and asking for a split that is not there is an error. ``needs`` must be there always.
    ``unions`` are splits that repeat the samples of others. ``gives`` lists what samples may have:
    subject_id, boxes, ignored, video, pairs, templates, mask, landmark schemas and labels (an
    entry of several words describes labels that the files name).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    layout: ClassVar[Literal["verified", "unverified"]] = "unverified"
    gives: ClassVar[tuple[str, ...]]
    files: ClassVar[Mapping[str, str]] = {}
    splits: ClassVar[tuple[str, ...]] = ()
    unions: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    needs: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Name the splits after their files."""
        if "splits" not in cls.__dict__ and cls.files:
            cls.splits = (*cls.files, *cls.unions)

    def __init__(self, root: Path) -> None:
        self.root = root

    @abstractmethod
    def read(self, split: str) -> Iterator[Sample]:
        """Yield the samples of one split; of everything where there are no splits."""

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every sample (of one split), in a stable order; DatasetError with file and line."""
        checked_split(self, split)
        for part in self._parts(split):
            yield from self.read(part)

    def check(self) -> None:
        """Raise DatasetError unless what the layout needs is there, and a first sample."""
        if not self.root.exists():
            raise DatasetError(f"{self.root}: no such folder, expected {self.title}")
        for name in self.needs:
            if not (self.root / name).exists():
                raise DatasetError(
                    f"{self.root}: no {name}; expected {self.title} as in {self.source}"
                )
        if self.files and not self._parts(None):
            wanted = ", ".join(self.files.values())
            raise DatasetError(
                f"{self.root}: none of {wanted}; expected {self.title} as in {self.source}"
            )
        if next(self.samples(), None) is None:
            raise DatasetError(f"{self.root}: holds no sample; expected {self.title}")

    def id_of(self, path: Path) -> str:
        """Return a path below the root, POSIX style."""
        return path.relative_to(self.root).as_posix()

    def _parts(self, split: str | None) -> Sequence[str]:
        if split is not None:
            return self.unions.get(split, (split,))
        if not self.splits:
            return ("",)
        everything = [name for name in self.splits if name not in self.unions]
        return [name for name in everything if (self.root / self.files.get(name, "")).exists()]


def sorted_files(folder: Path, pattern: str) -> list[Path]:
    """Return the files below a folder that match, sorted by path. Raises DatasetError if absent."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder")
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def pictures_below(folder: Path) -> Iterator[Path]:
    """Yield every picture below a folder, sorted by path. Raises DatasetError if it is absent."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder")
    yield from find_images(folder)


def box_xywh(x: float, y: float, width: float, height: float) -> Boxes:
    """Return one box of a corner and a size in px."""
    return Boxes(np.array([[x, y, x + width, y + height]], np.float32))


def points_of(numbers: Sequence[float], schema: str) -> Landmarks:
    """Return one face's landmarks of x0, y0, x1, y1, ... in px."""
    return Landmarks(np.array(numbers, np.float32).reshape(1, -1, 2), schema)


def five_from_image_left(numbers: Sequence[float]) -> Landmarks:
    """Return landmarks "five" of x, y whose first eye and mouth corner lie left in the picture."""
    points = np.array(numbers, np.float32).reshape(1, 5, 2)
    return Landmarks(points[:, [1, 0, 2, 4, 3]], "five")
