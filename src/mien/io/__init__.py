"""Pictures in: files, bytes and arrays become Image, decoded once, the right way up, RGB."""

from mien.io.array import from_array
from mien.io.decode import MAX_PIXELS, decode, read_image
from mien.io.files import IMAGE_SUFFIXES, find_images

__all__ = ["IMAGE_SUFFIXES", "MAX_PIXELS", "decode", "find_images", "from_array", "read_image"]
