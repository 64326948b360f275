"""MATLAB files as dicts of arrays: of version 5 by scipy, of version 7.3 by h5py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import DatasetError, MissingExtraError


def read_mat(path: Path) -> dict[str, Any]:
    """Return the variables of a MATLAB 5 file. Raises DatasetError, MissingExtraError."""
    try:
        import scipy.io
    except ImportError as error:
        raise MissingExtraError(f"{path}: to read it: pip install 'mien[mat]'") from error
    try:
        content: dict[str, Any] = scipy.io.loadmat(str(path))
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    # A damaged file fails in scipy wherever it happens to.
    except Exception as error:
        raise DatasetError(f"{path}: is no readable MATLAB file: {error}") from error
    return content


def numbers(path: Path, content: dict[str, Any], name: str, *, size: int) -> list[float]:
    """Return one numeric variable of a known size, flat, row by row. Raises DatasetError."""
    if name not in content or content[name].size != size or content[name].dtype.kind not in "iuf":
        raise DatasetError(f"{path}: expected a variable {name} of {size} numbers")
    values = content[name].ravel().astype(float)
    if not np.isfinite(values).all():
        raise DatasetError(f"{path}: variable {name} holds numbers that are not finite")
    return [float(value) for value in values]


def open_hdf5(path: Path) -> Any:
    """Return a MATLAB 7.3 file opened by h5py. Raises DatasetError, MissingExtraError."""
    try:
        import h5py
    except ImportError as error:
        raise MissingExtraError(f"{path}: to read it: pip install 'mien[mat]'") from error
    try:
        return h5py.File(path, "r")
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except OSError as error:
        raise DatasetError(f"{path}: is no MATLAB 7.3 file: {error}") from error
