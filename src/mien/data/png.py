"""Pictures that a data set holds as bare pixels, encoded so that a sample can carry them."""

from __future__ import annotations

import io

from PIL import Image as PillowImage

from mien.types.arrays import ByteArray


def png_of(pixels: ByteArray) -> bytes:
    """Return (H,W) grey or (H,W,3) RGB uint8 as PNG, lossless."""
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
