"""FDDB: ellipses of faces in news pictures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder
from mien.data.rows import Row, split_lines
from mien.data.sample import Sample
from mien.types import Boxes
from mien.types.arrays import Array, FloatArray


@register
class Fddb(Folder):
    """``FDDB-folds/FDDB-fold-01-ellipseList.txt``: name, number of faces, a line a face.

    An ellipse is half the major axis, half the minor axis, the angle of the major axis to the
    horizontal in rad, centre x, centre y; all in px. ``boxes`` enclose them; ``ellipses`` are their
    five numbers, face after face. Splits are the ten folds. Pictures: ``originalPics``.
    """

    name = "fddb"
    title = "FDDB"
    source = "vis-www.cs.umass.edu/fddb/README.txt"
    gives = ("boxes", "ellipses")
    files = {
        f"fold-{fold:02d}": f"FDDB-folds/FDDB-fold-{fold:02d}-ellipseList.txt"
        for fold in range(1, 11)
    }

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the pictures of one fold."""
        rows = split_lines(self.root / self.files[split])
        for row in rows:
            path = row.file(self.root / "originalPics", f"{row[0]}.jpg")
            ellipses = _ellipses(row, rows)
            yield Sample(
                self.id_of(path),
                path,
                boxes=Boxes(_around(ellipses)),
                labels={"ellipses": tuple(map(float, ellipses.ravel()))},
            )


def _ellipses(row: Row, rows: Iterator[Row]) -> Array:
    count = next(rows, None)
    if count is None or len(count.cells) != 1:
        raise row.error("expected the number of faces on the next line")
    found = []
    for _ in range(count.integer(0)):
        line = next(rows, None)
        if line is None or len(line.cells) != 6:
            raise (count if line is None else line).error(
                f"expected {count[0]} lines of 6 numbers each for {row[0]}"
            )
        found.append(line.numbers(0, 5))
    return np.array(found, float).reshape(-1, 5)


def _around(ellipses: Array) -> FloatArray:
    """Return the boxes (N,4) that touch the ellipses (N,5)."""
    major, minor, angle, x, y = ellipses.T
    half_width = np.hypot(major * np.cos(angle), minor * np.sin(angle))
    half_height = np.hypot(major * np.sin(angle), minor * np.cos(angle))
    corners = (x - half_width, y - half_height, x + half_width, y + half_height)
    return np.stack(corners, axis=1).astype(np.float32)
