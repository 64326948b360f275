"""Helen: 11 classes a pixel (Smith et al.), and 194 points (Le et al.)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mien.data.class_masks import read_part
from mien.data.dataset import register
from mien.data.folder import Folder, points_of, sorted_files
from mien.data.rows import Row, head_and_lines, read_table
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.types.arrays import ByteArray

CLASSES = (
    *("background", "skin", "left_eyebrow", "right_eyebrow", "left_eye", "right_eye", "nose"),
    *("upper_lip", "inner_mouth", "lower_lip", "hair"),
)


@register
class HelenParsing(Folder):
    """``SmithCVPR2013_dataset_resized``: ``images/X.jpg``, ``labels/X/X_lbl00.png`` to ``lbl10``.

    ``exemplars.txt`` (train), ``tuning.txt`` (val) and ``testing.txt`` (test) have lines
    ``number , name``. Each label picture is the probability of one class, 0..255.
    """

    name = "helen-parsing"
    title = "Helen, parsing"
    source = "pages.cs.wisc.edu/~lizhang/projects/face-parsing (SmithCVPR2013 readme)"
    gives = ("mask",)
    classes = CLASSES
    files = {"train": "exemplars.txt", "val": "tuning.txt", "test": "testing.txt"}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one split."""
        for row in read_table(
            self.root / self.files[split], columns=("number", "name"), header=False
        ):
            path = row.file(self.root / "images", f"{row['name']}.jpg")
            yield Sample(self.id_of(path), path)

    def mask(self, sample: Sample) -> ByteArray:
        """Return the most probable class of each pixel; the first one of equals."""
        assert sample.path is not None
        stem = sample.path.stem
        paths = [
            self.root / "labels" / stem / f"{stem}_lbl{number:02d}.png"
            for number in range(len(CLASSES))
        ]
        maps = [read_part(path) for path in paths]
        if len({one.shape for one in maps}) > 1:
            raise DatasetError(f"{paths[0].parent}: its label pictures differ in size")
        best: ByteArray = np.argmax(np.stack(maps), axis=0).astype(np.uint8)
        return best


@register
class Helen194(Folder):
    """``annotation/N.txt``: the picture's name, then 194 lines ``x , y``; and ``images``."""

    name = "helen-landmarks"
    title = "Helen, landmarks"
    source = "www.ifp.illinois.edu/~vuongle2/helen (readme of the annotation)"
    gives = ("helen194",)
    needs = ("annotation", "images")

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every annotated picture, by the name of its annotation."""
        for table in sorted_files(self.root / "annotation", "*.txt"):
            head, rows = head_and_lines(table)
            if len(rows) != 194 or len(head.cells) != 1:
                raise head.error(
                    f"got {len(rows)} lines after this, expected a name and 194 points"
                )
            path = head.file(self.root / "images", f"{head[0]}.jpg")
            numbers = [number for row in rows for number in _point(row)]
            yield Sample(self.id_of(path), path, landmarks=points_of(numbers, "helen194"))


def _point(row: Row) -> list[float]:
    if len(row.cells) != 3 or row[1] != ",":
        raise row.error(f"got {' '.join(row.cells)!r}, expected x , y")
    return [row.number(0), row.number(2)]
