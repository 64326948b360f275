"""The crops that a gallery may keep: loose, upright, and large enough for every recogniser."""

from __future__ import annotations

import cv2
import numpy as np

from mien.errors import ImageReadError
from mien.render.crops import crops
from mien.types import Faces, Image

#: The box of the face takes the middle 1 / (1 + 2 x margin) of the square.
MARGIN = 0.5
#: Longest side of a crop; smaller faces keep their own resolution.
MOST_PX = 256
_QUALITY = 95
#: What a thumbnail leaves out on each side: the face is to fill it.
_SHOWN_CUT, _SHOWN_QUALITY = 0.12, 85


def kept_crop(image: Image, faces: Faces, row: int) -> bytes:
    """Return a JPEG of one face: a square round its box, turned upright, black outside the picture.

    Turned and scaled once, never enlarged.
    """
    side = float(faces.boxes.wh[row].max()) * (1 + 2 * MARGIN)
    size_px = int(np.clip(round(side), 1, MOST_PX))
    (crop,) = crops(image, faces[[row]], margin=MARGIN, size_px=size_px)
    bgr = np.ascontiguousarray(crop.pixels[:, :, ::-1])
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _SAMPLING]
    _, encoded = cv2.imencode(".jpg", bgr, options)
    return encoded.tobytes()


#: Colours at full resolution: recognisers look at them.
_SAMPLING = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444


def thumbnail(crop: bytes, size_px: int) -> bytes:
    """Return a kept crop as a small JPEG to look at: its middle, ``size_px`` wide and high.

    Raises ImageReadError for a crop that cannot be decoded.
    """
    pixels = cv2.imdecode(np.frombuffer(crop, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise ImageReadError("a kept crop cannot be decoded; erase the reference, enrol it again")
    cut = round(pixels.shape[0] * _SHOWN_CUT)
    middle = pixels[cut : pixels.shape[0] - cut, cut : pixels.shape[1] - cut]
    small = cv2.resize(middle, (size_px, size_px), interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _SHOWN_QUALITY])
    return encoded.tobytes()


def box_in_crop(size_px: int) -> tuple[float, float, float, float]:
    """Return where the face's box lies in a kept crop of this side, as a square: x1, y1, x2, y2."""
    low = size_px * MARGIN / (1 + 2 * MARGIN)
    return low, low, size_px - low, size_px - low
