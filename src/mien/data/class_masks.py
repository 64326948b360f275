"""Masks as pictures of class indices, and as one binary picture a part."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

from mien.errors import DatasetError
from mien.types.arrays import ByteArray

#: The index of pixels of which nothing is said.
UNSAID = 255


def read_class_mask(path: Path, *, classes: int) -> ByteArray:
    """Return a picture's raw indices (H,W) uint8, each below ``classes``. Raises DatasetError."""
    indices = _pixels(path, raw=True)
    wrong = (indices >= classes) & (indices != UNSAID)
    if wrong.any():
        raise DatasetError(f"{path}: has class {indices[wrong].max()}, expected below {classes}")
    return indices


def read_part(path: Path) -> ByteArray:
    """Return a picture of one part as grey (H,W) uint8. Raises DatasetError."""
    return _pixels(path, raw=False)


def merge_parts(parts: Mapping[int, Path], *, size_wh: tuple[int, int]) -> ByteArray:
    """Return (H,W) uint8 of binary part pictures by class index; a later one covers the earlier.

    Files that are not there are parts that the picture does not show. Raises DatasetError.
    """
    merged = np.zeros(size_wh[::-1], np.uint8)
    for index, path in parts.items():
        if path.is_file():
            shown = read_part(path)
            if shown.shape != merged.shape:
                raise DatasetError(f"{path}: got shape {shown.shape}, expected {merged.shape}")
            merged[shown > 127] = index
    return merged


def _pixels(path: Path, *, raw: bool) -> ByteArray:
    """Return one byte a pixel: the stored index (``raw``), or grey."""
    try:
        with PillowImage.open(path) as picture:
            if raw and picture.mode not in ("L", "P"):
                raise DatasetError(f"{path}: got mode {picture.mode}, expected one index a pixel")
            pixels: ByteArray = np.asarray(picture if raw else picture.convert("L"), np.uint8)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no such file") from None
    except (OSError, SyntaxError, MemoryError, PillowImage.DecompressionBombError) as error:
        raise DatasetError(f"{path}: is no readable picture: {error}") from error
    return pixels
