"""Rows of numbers in one NPZ file: templates, other networks' outputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.errors import DatasetError
from mien.train.examples import Examples
from mien.train.registry import register


@register("source", "rows")
def rows(data: Path, cache: Path, classes: tuple[str, ...], *, file: str) -> Examples:
    """Return ``rows`` (N,F), ``targets`` (N,) or (N,D), ``names`` (N,) and maybe ``subjects`` (N,).

    ``file`` is below ``data``. Raises DatasetError when it is not there or lacks a column.
    """
    del cache
    path = data / file
    try:
        with np.load(path, allow_pickle=False) as saved:
            columns = {name: saved[name] for name in saved.files}
        targets = columns["targets"]
        inputs = np.ascontiguousarray(columns["rows"], np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{path}: is no NPZ file with rows and targets: {error}") from error
    if classes and (targets.min(initial=0) < 0 or targets.max(initial=0) >= len(classes)):
        raise DatasetError(f"{path}: targets are not 0 to {len(classes) - 1}")
    whole = targets.dtype.kind in "iu"
    names = columns.get("names", np.arange(len(inputs)).astype(str))
    return Examples(
        inputs,
        targets.astype(np.int64 if whole else np.float32),
        names,
        subjects=columns.get("subjects"),
    )
