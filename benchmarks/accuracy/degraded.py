"""Pictures made worse on purpose: one seeded kind and strength a file name."""

from __future__ import annotations

import zlib

import cv2
import numpy as np

KINDS = ("defocus", "motion", "jpeg", "downscale", "dark", "bright", "noise", "occlusion")


def degrade(pixels: np.ndarray, name: str, box_xyxy: np.ndarray) -> tuple[np.ndarray, str]:
    """Return a worse copy of ``pixels (H,W,3) uint8`` and the kind; ``box (4,)`` px of its face.

    Strengths scale with the face, so that they mean the same in every picture.
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    kind = KINDS[rng.integers(len(KINDS))]
    worse = _DEGRADATIONS[kind](pixels, rng.random(), box_xyxy, rng)
    return np.clip(np.round(worse), 0, 255).astype(np.uint8), kind


def _side(box: np.ndarray) -> float:
    return max(float(np.sqrt(np.prod(box[2:] - box[:2]))), 16.0)


def _defocus(pixels, strength, box, rng):
    sigma = _side(box) * (0.01 + 0.05 * strength)
    return cv2.GaussianBlur(pixels, (0, 0), sigma)


def _motion(pixels, strength, box, rng):
    length = max(2, int(_side(box) * (0.04 + 0.18 * strength)))
    middle, angle = (length - 1) / 2, rng.random() * np.pi
    step = np.array([np.cos(angle), np.sin(angle)]) * middle
    kernel = np.zeros((length, length), np.float32)
    start, end = np.round([middle - step, middle + step]).astype(int).tolist()
    cv2.line(kernel, start, end, 1)
    return cv2.filter2D(pixels, -1, kernel / kernel.sum())


def _jpeg(pixels, strength, box, rng):
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(2 + 18 * strength)])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def _downscale(pixels, strength, box, rng):
    height, width = pixels.shape[:2]
    scale = min(1.0, (16 + 48 * strength) / _side(box))
    size = max(2, round(width * scale)), max(2, round(height * scale))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        return small
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def _dark(pixels, strength, box, rng):
    light = pixels.astype(np.float32) * (0.03 + 0.25 * strength)
    return rng.poisson(light * 0.8) / 0.8


def _bright(pixels, strength, box, rng):
    return pixels.astype(np.float32) * (1.4 + 2.5 * strength)


def _noise(pixels, strength, box, rng):
    return pixels + rng.normal(0, 10 + 60 * strength, pixels.shape)


def _occlusion(pixels, strength, box, rng):
    size = box[2:] - box[:2]
    patch = np.minimum(size * np.sqrt(0.2 + 0.5 * strength) * rng.uniform(0.8, 1.25, 2), size)
    x0, y0 = np.clip(np.round(box[:2] + rng.random(2) * (size - patch)), 0, None).astype(int)
    x1, y1 = x0 + int(patch[0]), y0 + int(patch[1])
    worse = pixels.astype(np.float32)
    area = worse[y0:y1, x0:x1]
    worse[y0:y1, x0:x1] = rng.integers(0, 256, 3) + rng.normal(0, 8, area.shape)
    return worse


_DEGRADATIONS = {
    "defocus": _defocus,
    "motion": _motion,
    "jpeg": _jpeg,
    "downscale": _downscale,
    "dark": _dark,
    "bright": _bright,
    "noise": _noise,
    "occlusion": _occlusion,
}
