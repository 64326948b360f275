"""Arrays of any usual kind become RGB uint8."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mien.errors import ArrayError
from mien.types import Image
from mien.types.arrays import Array, ByteArray, FloatArray


def from_array(
    pixels: Array, colour: Literal["rgb", "bgr"] = "rgb", *, source: str | None = None
) -> Image:
    """Make an Image from (H,W), (H,W,1), (H,W,3) or (H,W,4) pixels.

    dtype uint8 0..255, uint16 0..65535, bool, or float 0..1; a fourth channel is alpha, laid over
    white. ``colour`` names the channel order that was given. Raises ArrayError on anything else.
    """
    if not isinstance(pixels, np.ndarray):
        raise ArrayError(f"picture: got {type(pixels).__name__}, expected a numpy array")
    if colour not in ("rgb", "bgr"):
        raise ArrayError(f"colour: got {colour!r}, expected 'rgb' or 'bgr'")
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4) or 0 in pixels.shape:
        raise ArrayError(
            f"picture: got shape {pixels.shape}, expected (H, W), (H, W, 3) or (H, W, 4)"
        )
    bytes_ = to_uint8(pixels)
    if pixels.shape[2] == 4:
        bytes_ = _over_white(bytes_)
    if pixels.shape[2] == 1:
        bytes_ = np.repeat(bytes_, 3, axis=2)
    if colour == "bgr":
        bytes_ = bytes_[:, :, ::-1]
    return Image(np.ascontiguousarray(bytes_), source)


def to_uint8(pixels: Array) -> ByteArray:
    """Scale pixels of a known dtype to 0..255; raises ArrayError for others and for NaN."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        high_byte: ByteArray = (pixels >> 8).astype(np.uint8)
        return high_byte
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * 255
    if pixels.dtype.kind != "f":
        raise ArrayError(
            f"picture: got dtype {pixels.dtype}, expected uint8, uint16, bool or float 0..1"
        )
    if not np.isfinite(pixels).all():
        raise ArrayError("picture: holds NaN or infinity, expected finite numbers in 0..1")
    low, high = float(pixels.min()), float(pixels.max())
    if low < 0 or high > 1:
        raise ArrayError(f"picture: got floats from {low:g} to {high:g}, expected 0..1")
    scaled: FloatArray = np.rint(pixels * 255)
    return scaled.astype(np.uint8)


def _over_white(rgba: ByteArray) -> ByteArray:
    alpha = rgba[:, :, 3:].astype(np.uint16)
    blended = rgba[:, :, :3] * alpha + 255 * (255 - alpha)
    return (blended // 255).astype(np.uint8)
