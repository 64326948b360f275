"""A decoded picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import ByteArray


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A picture as it is meant to be seen: EXIF orientation applied, colour order RGB.

    ``pixels (H,W,3) uint8 RGB``; ``source``: path or name; ``timestamp_s`` of a video frame;
    ``content_sha256`` of the encoded bytes, ``None`` for pixels given as an array.
    """

    pixels: ByteArray
    source: str | None = None
    timestamp_s: float | None = None
    content_sha256: str | None = None

    def __post_init__(self) -> None:
        """Check the pixels and make them read-only."""
        pixels = self.pixels
        if not isinstance(pixels, np.ndarray):
            raise ArrayError(f"Image.pixels: got {type(pixels).__name__}, expected a numpy array")
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
            raise ArrayError(
                f"Image.pixels: got {pixels.dtype} {pixels.shape}, expected uint8 (H, W, 3) RGB; "
                "mien.io.from_array converts grey, float, 16-bit, alpha and BGR arrays"
            )
        if 0 in pixels.shape:
            raise ArrayError(f"Image.pixels: got an empty picture {pixels.shape}")
        view = pixels.view()
        view.flags.writeable = False
        object.__setattr__(self, "pixels", view)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height
