"""Cut faces out of a picture."""

from __future__ import annotations

import numpy as np

from mien.errors import ArrayError, InputError
from mien.geometry.warp import warp_crops
from mien.types import Faces, Image
from mien.types.arrays import FloatArray


def crops(
    image: Image, faces: Faces, *, margin: float = 0.25, size_px: int | None = None
) -> list[Image]:
    """Return one picture a face, in order.

    ``margin``: how much is added on each side, as a share of the box. Without ``size_px`` the
    crops are the picture's own pixels, cut off at its border (at least 1x1). With it they are
    squares of that side round the box, turned upright as ``rotation_deg`` says, black outside the
    picture. Raises InputError, and ArrayError when the faces belong to a picture of another size.
    """
    if not -0.5 < margin < 100:
        raise InputError(f"margin: got {margin}, expected more than -0.5 and less than 100")
    if size_px is not None and size_px < 1:
        raise InputError(f"size_px: got {size_px}, expected 1 or more")
    if len(faces) and faces.image_size_wh != image.size_wh:
        raise ArrayError(
            f"crops: the picture has size {image.size_wh}, the faces were found in one of "
            f"{faces.image_size_wh}"
        )
    if size_px is None:
        return [_own_pixels(image, box, margin) for box in faces.boxes.xyxy]
    squares = warp_crops(image.pixels, _square_maps(faces, margin, size_px), (size_px, size_px))
    return [Image(square, image.source, image.timestamp_s) for square in squares]


def _own_pixels(image: Image, box: FloatArray, margin: float) -> Image:
    limit = np.array(image.size_wh)
    added = margin * (box[2:] - box[:2])
    low = np.clip(np.floor(box[:2] - added).astype(int), 0, limit - 1)
    high = np.clip(np.ceil(box[2:] + added).astype(int), low + 1, limit)
    pixels = image.pixels[low[1] : high[1], low[0] : high[0]].copy()
    return Image(pixels, image.source, image.timestamp_s)


def _square_maps(faces: Faces, margin: float, size_px: int) -> FloatArray:
    """Maps (N,2,3) from crop to picture px."""
    assert faces.rotation_deg is not None
    scale = faces.boxes.wh.max(axis=1) * (1 + 2 * margin) / size_px
    turn = np.deg2rad(faces.rotation_deg)
    # Upright in the crop is turned clockwise in the picture: it was turned back to be found.
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    linear = np.stack([cos, -sin, sin, cos], axis=1).reshape(-1, 2, 2)
    shift = faces.boxes.centres - linear.sum(axis=2) * size_px / 2
    return np.concatenate([linear, shift[:, :, None]], axis=2).astype(np.float32)
