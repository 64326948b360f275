"""Write a picture with nothing but its pixels: no EXIF, XMP, IPTC, profile, thumbnail or comment.

What a reader has applied already (orientation, colour space) is not needed any more: pixels are
upright and sRGB, which is what a file that says nothing is taken for.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from mien.errors import InputError
from mien.types import Image

_JPEG = ("JPEG", {"quality": 95, "subsampling": 0})
_KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), _JPEG),
    ".png": ("PNG", {}),
    ".webp": ("WEBP", {"quality": 95, "method": 4}),
    ".bmp": ("BMP", {}),
    **dict.fromkeys((".tif", ".tiff"), ("TIFF", {"compression": "tiff_lzw"})),
}
#: Kinds that are not written, and what is written instead.
_INSTEAD = {".gif": ".png", ".ppm": ".png", ".pgm": ".png"}


def bare_name(name: Path) -> Path:
    """Return the name under which a picture can be written: its own, or with ``.jpg`` added.

    GIF, PPM and PGM become PNG; what is no picture's suffix becomes JPEG.
    """
    suffix = name.suffix.lower()
    return name if suffix in _KINDS else name.with_name(name.name + _INSTEAD.get(suffix, ".jpg"))


def bare_bytes(image: Image, suffix: str) -> bytes:
    """Return an encoded file of the kind that a suffix names; raises InputError for others."""
    if suffix.lower() not in _KINDS:
        raise InputError(f"suffix: got {suffix!r}, expected one of {', '.join(_KINDS)}")
    kind, how = _KINDS[suffix.lower()]
    buffer = BytesIO()
    # A picture made of an array has no info that Pillow could write along.
    PillowImage.fromarray(image.pixels).save(buffer, kind, **how)
    return buffer.getvalue()


def write_bare(path: str | Path, image: Image) -> None:
    """Write a picture, whole or not at all; folders are made. Raises InputError."""
    path = Path(path)
    data = bare_bytes(image, path.suffix)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error


def frames_in(path: str | Path) -> int:
    """Return how many pictures a file holds (GIF, WebP, TIFF, MPO ...), 1 where it is not known."""
    try:
        with PillowImage.open(path) as picture:
            return int(getattr(picture, "n_frames", 1))
    except (OSError, ValueError, SyntaxError, EOFError):
        return 1
