"""300-W: 68 points in five sets of pictures, with the splits that papers report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mien.data.dataset import register
from mien.data.folder import Folder, pictures_below
from mien.data.pts import read_pts
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.types import Landmarks


@register
class ThreeHundredW(Folder):
    """A ``.pts`` beside each picture, in ``afw``, ``helen``, ``ibug``, ``lfpw`` and ``300W``.

    train: afw, helen/trainset, lfpw/trainset (3148 pictures). common: helen/testset and
    lfpw/testset (554). challenging: ibug (135). full: common and challenging. private: 300W (600).
    """

    name = "300-w"
    title = "300-W"
    source = "ibug.doc.ic.ac.uk/resources/300-W"
    gives = ("ibug68",)
    folders = {
        "train": ("afw", "helen/trainset", "lfpw/trainset"),
        "common": ("helen/testset", "lfpw/testset"),
        "challenging": ("ibug",),
        "private": ("300W",),
    }
    splits = ("train", "common", "challenging", "full", "private")
    unions = {"full": ("common", "challenging")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        folders = [self.root / name for name in self.folders[split]]
        for folder in folders:
            # Without naming a split, sets that are not there are left out.
            for path in pictures_below(folder) if folder.is_dir() else ():
                yield self._sample(path)

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        """Yield every sample (of one split); a split needs all of its folders."""
        for part in () if split is None else self.unions.get(split, (split,)):
            for name in self.folders.get(part, ()):
                if not (self.root / name).is_dir():
                    raise DatasetError(f"{self.root / name}: no such folder, {split} needs it")
        yield from super().samples(split)

    def _sample(self, path: Path) -> Sample:
        points = read_pts(path.with_suffix(".pts"), count=68)
        return Sample(self.id_of(path), path, landmarks=Landmarks(points[None], "ibug68"))
