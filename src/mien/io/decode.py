"""Encoded pictures become Image: header first, then pixels, EXIF orientation and colour applied.

Pillow reads the header and everything unusual; ordinary JPEG pixels go through OpenCV, whose
decoder is twice as fast.
"""

from __future__ import annotations

import hashlib
import io
import struct
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageCms, ImageOps, UnidentifiedImageError

from mien.errors import (
    ImageNotFoundError,
    ImageReadError,
    ImageTooLargeError,
    MissingExtraError,
)
from mien.io.array import from_array
from mien.io.jpeg import is_truncated
from mien.types import Image
from mien.types.arrays import Array, ByteArray

#: Pictures that announce more pixels are refused before they are decoded.
MAX_PIXELS = 89_478_485
_SRGB_NAMES = (b"sRGB", "sRGB".encode("utf-16-be"))
_HEIC_BRANDS = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheim", b"ftyphevc")
_ORIENTATION = 0x0112
#: What Pillow raises for broken files; its UserWarnings where the caller makes errors of them.
_PILLOW_FAILS_WITH = (
    *(OSError, ValueError, SyntaxError, EOFError, MemoryError, RuntimeError),
    *(struct.error, OverflowError, TypeError, KeyError, IndexError, UserWarning),
)
_GREY_16_BIT = ("I;16", "I;16B", "I;16L", "I;16N", "I")


def read_image(path: str | Path, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Read one picture file (JPEG, PNG, WebP, BMP, TIFF, GIF's first frame; HEIC with [heif]).

    Raises ImageNotFoundError, ImageTooLargeError or ImageReadError.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise ImageNotFoundError(f"{path}: no such file") from error
    except IsADirectoryError as error:
        raise ImageReadError(f"{path}: is a directory, expected a picture file") from error
    except OSError as error:
        raise ImageReadError(f"{path}: cannot be read: {error.strerror}") from error
    return decode(data, str(path), max_pixels=max_pixels)


def decode(data: bytes, source: str = "bytes", *, max_pixels: int = MAX_PIXELS) -> Image:
    """Decode one encoded picture; errors as in read_image name ``source``."""
    if not data:
        raise ImageReadError(f"{source}: is empty, expected an encoded picture")
    header = _open(data, source)
    width, height = header.size
    if width * height > max_pixels:
        raise ImageTooLargeError(
            f"{source}: announces {width} x {height} = {width * height / 1e6:.0f} million pixels, "
            f"the limit is {max_pixels / 1e6:.0f} million; raise max_pixels if you trust it"
        )
    pixels = (
        _fast_jpeg(data, header, source) if _is_plain_jpeg(header) else _by_pillow(header, source)
    )
    return Image(pixels, source, content_sha256=hashlib.sha256(data).hexdigest())


def stored_frame(data: bytes, source: str = "bytes") -> tuple[tuple[int, int], int]:
    """Return width and height of an encoded picture as stored, and its EXIF orientation 1..8.

    HEIC is stored turned already: its orientation is 1. Raises ImageReadError.
    """
    header = _open(data, source)
    orientation = header.getexif().get(_ORIENTATION, 1)
    return header.size, orientation if orientation in range(1, 9) else 1


def embedded_xmp(data: bytes, source: str = "bytes") -> bytes | None:
    """Return the XMP inside an encoded picture, ``None`` where there is none."""
    found = _open(data, source).info.get("xmp")
    return found.encode() if isinstance(found, str) else found


def _open(data: bytes, source: str) -> PillowImage.Image:
    try:
        return PillowImage.open(io.BytesIO(data))
    except (PillowImage.DecompressionBombError, PillowImage.DecompressionBombWarning) as error:
        raise ImageTooLargeError(
            f"{source}: refused before decoding: {error}; to read it, raise max_pixels and "
            "PIL.Image.MAX_IMAGE_PIXELS"
        ) from error
    except UnidentifiedImageError as error:
        if data[4:12] in _HEIC_BRANDS:
            return _open_heic(data, source)
        start = data[:8].hex(" ")
        raise ImageReadError(
            f"{source}: is not a picture that can be read (starts with {start})"
        ) from error
    except _PILLOW_FAILS_WITH as error:
        raise ImageReadError(f"{source}: has a broken header: {error}") from error


def _open_heic(data: bytes, source: str) -> PillowImage.Image:
    try:
        import pillow_heif
    except ImportError as error:
        raise MissingExtraError(
            f"{source}: is HEIC; to read it: pip install 'mien[heif]'"
        ) from error
    try:
        picture: PillowImage.Image = pillow_heif.open_heif(io.BytesIO(data)).to_pillow()
    except (OSError, ValueError, RuntimeError) as error:
        raise ImageReadError(f"{source}: HEIC cannot be decoded: {error}") from error
    return picture


def _is_plain_jpeg(header: PillowImage.Image) -> bool:
    profile = header.info.get("icc_profile", b"")
    ordinary_colours = not profile or any(name in profile for name in _SRGB_NAMES)
    return header.format == "JPEG" and header.mode in ("RGB", "L") and ordinary_colours


def _fast_jpeg(data: bytes, header: PillowImage.Image, source: str) -> ByteArray:
    # OpenCV fills what is missing with grey and says nothing.
    if is_truncated(data):
        raise ImageReadError(f"{source}: JPEG is truncated after {len(data)} bytes")
    # OpenCV turns the picture as EXIF says and leaves its colours alone.
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if pixels is None:
        return _by_pillow(header, source)
    return pixels.astype(np.uint8, copy=False)


def _by_pillow(picture: PillowImage.Image, source: str) -> ByteArray:
    try:
        picture.seek(0)
        picture.load()
        return from_array(_to_array(ImageOps.exif_transpose(picture))).pixels
    except _PILLOW_FAILS_WITH as error:
        raise ImageReadError(f"{source}: {picture.format} cannot be decoded: {error}") from error


def _to_array(picture: PillowImage.Image) -> Array:
    """Any Pillow mode as an array that from_array knows."""
    if picture.mode in _GREY_16_BIT:
        grey: Array = np.clip(np.asarray(picture), 0, 65535)
        return grey.astype(np.uint16)
    if picture.mode == "F":
        values: Array = np.asarray(picture)
        scaled: Array = values if values.max() <= 1 else np.clip(values / 255, 0, 1)
        return scaled
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        return np.asarray(picture.convert("RGBA"))
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        return np.asarray(_managed(picture, profile))
    return np.asarray(picture.convert("RGB"))


def _managed(picture: PillowImage.Image, profile: bytes) -> PillowImage.Image:
    """Convert from the picture's own colour space to sRGB."""
    try:
        origin = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, origin, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        # A broken or unfitting profile says nothing about the colours.
        return picture.convert("RGB")
    return picture.convert("RGB") if converted is None else converted
