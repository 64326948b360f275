"""Landmarks in .pts files, as iBUG's groups write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.data.rows import split_lines
from mien.errors import DatasetError
from mien.types.arrays import FloatArray


def read_pts(path: Path, *, count: int | None = None) -> FloatArray:
    """Return points (K,2) float32 px, origin at the corner of the top-left pixel.

    The files count pixels from 1 at the centre of the first, as MATLAB does
    (ibug.doc.ic.ac.uk/resources/300-W), so half a pixel is taken off. Raises DatasetError with
    file and line, also when there are not ``count`` points.
    """
    rows = list(split_lines(path))
    start = next((place for place, row in enumerate(rows) if row.cells == ("{",)), None)
    if start is None or rows[-1].cells != ("}",):
        raise DatasetError(f"{path}: expected points between braces")
    inside = rows[start + 1 : -1]
    for row in inside:
        if len(row.cells) != 2:
            raise row.error(f"got {len(row.cells)} cells, expected x and y")
    if count is not None and len(inside) != count:
        raise DatasetError(f"{path}:{rows[start].line}: got {len(inside)} points, expected {count}")
    points = np.array([row.numbers(0) for row in inside], np.float32).reshape(-1, 2)
    return points - np.float32(0.5)
