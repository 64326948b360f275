"""Take one visual characteristic from a crop, in several strengths: hue, texture, shape ..."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import cv2
import numpy as np

from mien.types.arrays import Array, ByteArray

#: Variants of each characteristic that are made of a crop.
VARIANTS = 8
#: Largest turn of hue; saturation and contrast, least and largest factor.
_HUE_DEG, _SATURATION, _CONTRAST = 36.0, (0.0, 2.0), (0.4, 1.6)
#: Filter strength of denoising, least and most (grey levels).
_DENOISE = (4.0, 18.0)
#: Displacement in shares of the side: root mean square, and smoothness of its field.
_SHIFT, _SMOOTH = 0.015, 0.08


def _hue(crop: ByteArray, step: float, seed: int) -> ByteArray:
    hsv = cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + (2 * step - 1) * _HUE_DEG) % 360
    return _bytes(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255)


def _saturation(crop: ByteArray, step: float, seed: int) -> ByteArray:
    low, high = _SATURATION
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
    return _bytes(grey + (crop - grey) * (low + step * (high - low)))


def _contrast(crop: ByteArray, step: float, seed: int) -> ByteArray:
    low, high = _CONTRAST
    mean = float(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).mean())
    return _bytes(mean + (crop.astype(np.float32) - mean) * (low + step * (high - low)))


def _texture(crop: ByteArray, step: float, seed: int) -> ByteArray:
    strength = _DENOISE[0] + step * (_DENOISE[1] - _DENOISE[0])
    smooth = cv2.fastNlMeansDenoisingColored(crop, None, strength, strength, 5, 15)
    return np.asarray(smooth, np.uint8)


def _shape(crop: ByteArray, step: float, seed: int) -> ByteArray:
    height, width = crop.shape[:2]
    rng = np.random.default_rng([seed, round(step * 1000)])
    field: Array = rng.normal(size=(height, width, 2)).astype(np.float32)
    field = cv2.GaussianBlur(field, (0, 0), _SMOOTH * max(height, width))
    field *= _SHIFT * max(height, width) / np.sqrt((field**2).sum(axis=2).mean())
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    moved = cv2.remap(
        *(crop, columns + field[..., 0], rows + field[..., 1], cv2.INTER_LINEAR),
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(moved, np.uint8)


#: The characteristics of [P107], by name: (crop, strength 0..1, seed) to the altered crop. Hue,
#: saturation and contrast are altered both ways; texture is denoised away; shape is bent by a
#: smooth random field, another one for each variant.
CHARACTERISTICS: Mapping[str, Callable[[ByteArray, float, int], ByteArray]] = MappingProxyType(
    {
        "hue": _hue,
        "saturation": _saturation,
        "contrast": _contrast,
        "texture": _texture,
        "shape": _shape,
    }
)


def altered(crop: ByteArray, characteristic: str, *, seed: int = 0) -> ByteArray:
    """Return the crop (h,w,3) in VARIANTS alterations of one characteristic: (V,h,w,3).

    Strengths are spread evenly, none of them leaves the crop as it is.
    """
    steps = (np.arange(VARIANTS) + 0.5) / VARIANTS
    make = CHARACTERISTICS[characteristic]
    return np.stack([make(crop, float(step), seed) for step in steps])


def change_rms(crop: ByteArray, variants: ByteArray) -> float:
    """Return how much alterations change pixels: root mean square in grey levels."""
    return float(np.sqrt(((variants.astype(np.float32) - crop) ** 2).mean()))


def _bytes(values: Array) -> ByteArray:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
