"""WFLW: 98 points and six difficulties of faces out of WIDER FACE."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder, points_of
from mien.data.rows import split_lines
from mien.data.sample import Sample
from mien.types import Boxes

DIFFICULTIES = ("pose", "expression_exaggerated", "illumination", "make_up", "occlusion", "blur")
_LISTS = "WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_{}.txt"


@register
class Wflw(Folder):
    """A line a face: 98 x y, box x1 y1 x2 y2, six flags, file below ``WFLW_images``.

    A picture may have several lines: each is a sample of its own, ``file#line``.
    """

    name = "wflw"
    title = "WFLW"
    source = "wywu.github.io/projects/LAB/WFLW.html (README of the annotations)"
    gives = ("boxes", "wflw98", *DIFFICULTIES)
    files = {split: _LISTS.format(split) for split in ("train", "test")}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the faces of one split."""
        for row in split_lines(self.root / self.files[split], cells=207):
            path = row.file(self.root / "WFLW_images", row[206])
            flags = [float(row.one_of(200 + place, ("0", "1"))) for place in range(6)]
            yield Sample(
                f"{self.id_of(path)}#{split}{row.line}",
                path,
                boxes=Boxes(np.array([row.numbers(196, 200)], np.float32)),
                landmarks=points_of(row.numbers(0, 196), "wflw98"),
                labels=dict(zip(DIFFICULTIES, flags, strict=True)),
            )
