"""LaPa: 11 classes a pixel and 106 points."""

from __future__ import annotations

from collections.abc import Iterator

from mien.data.class_masks import read_class_mask
from mien.data.dataset import register
from mien.data.folder import Folder, points_of, sorted_files
from mien.data.rows import head_and_lines
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.types import Landmarks
from mien.types.arrays import ByteArray

#: Whose left the names mean is not said; that is what "unverified" is about.
CLASSES = (
    *("background", "skin", "left_eyebrow", "right_eyebrow", "left_eye", "right_eye", "nose"),
    *("upper_lip", "inner_mouth", "lower_lip", "hair"),
)


@register
class Lapa(Folder):
    """``{train,val,test}/images/N.jpg``, ``labels/N.png``, ``landmarks/N.txt`` (106, then x y)."""

    name = "lapa"
    title = "LaPa"
    source = "github.com/JDAI-CV/lapa-dataset"
    gives = ("lapa106", "mask")
    classes = CLASSES
    files = {split: split for split in ("train", "val", "test")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        for path in sorted_files(self.root / split / "images", "*.jpg"):
            yield Sample(self.id_of(path), path, landmarks=self._points(split, path.stem))

    def mask(self, sample: Sample) -> ByteArray:
        """Return the classes at the resolution of the picture."""
        assert sample.path is not None
        labels = sample.path.parent.parent / "labels"
        return read_class_mask(labels / f"{sample.path.stem}.png", classes=len(CLASSES))

    def _points(self, split: str, stem: str) -> Landmarks:
        path = self.root / split / "landmarks" / f"{stem}.txt"
        head, rows = head_and_lines(path)
        if len(head.cells) != 1 or head.integer(0) != len(rows) or len(rows) != 106:
            raise DatasetError(f"{path}:{head.line}: expected 106 and as many lines of x and y")
        for row in rows:
            if len(row.cells) != 2:
                raise row.error(f"got {len(row.cells)} cells, expected x and y")
        return points_of([number for row in rows for number in row.numbers(0)], "lapa106")
