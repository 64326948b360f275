"""Every usual kind of file becomes the same upright RGB picture; every bad one a clear error."""

from __future__ import annotations

import io
import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms

from mien.errors import (
    ImageNotFoundError,
    ImageReadError,
    ImageTooLargeError,
    MissingExtraError,
)
from mien.io import decode, read_image


def encoded(pixels: np.ndarray, format: str, mode: str | None = None, **options: object) -> bytes:
    picture = PillowImage.fromarray(pixels)
    buffer = io.BytesIO()
    (picture.convert(mode) if mode else picture).save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_give_back_every_pixel(portrait: np.ndarray, format: str) -> None:
    assert np.array_equal(decode(encoded(portrait, format)).pixels, portrait)


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_lossy_formats_agree_with_pillow(portrait: np.ndarray, format: str) -> None:
    data = encoded(portrait, format, quality=95)
    reference = np.asarray(PillowImage.open(io.BytesIO(data)).convert("RGB"))
    assert np.abs(decode(data).pixels.astype(int) - reference).max() <= 3


@pytest.mark.parametrize(
    ("mode", "format"), [("L", "JPEG"), ("CMYK", "JPEG"), ("P", "PNG"), ("P", "GIF"), ("1", "PNG")]
)
def test_other_colour_modes_agree_with_pillow(portrait: np.ndarray, mode: str, format: str) -> None:
    data = encoded(portrait, format, mode)
    reference = np.asarray(PillowImage.open(io.BytesIO(data)).convert("RGB"))
    assert np.abs(decode(data).pixels.astype(int) - reference).max() <= 3


def test_alpha_is_laid_over_white() -> None:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, 0] = (10, 20, 30, 255)
    pixels = decode(encoded(rgba, "PNG")).pixels
    assert pixels[0, 0].tolist() == [10, 20, 30]
    assert pixels[1, 1].tolist() == [255, 255, 255]


def test_sixteen_bit_grey_keeps_its_range() -> None:
    grey = np.array([[0, 65535], [32768, 256]], np.uint16)
    pixels = decode(encoded(grey, "PNG")).pixels
    assert pixels[..., 0].tolist() == [[0, 255], [128, 1]]


def test_first_frame_of_a_gif() -> None:
    frames = [PillowImage.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert decode(buffer.getvalue()).pixels[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(portrait: np.ndarray, format: str, orientation: int) -> None:
    # What EXIF's eight values mean, written with numpy alone.
    as_stored = {
        1: portrait,
        2: portrait[:, ::-1],
        3: portrait[::-1, ::-1],
        4: portrait[::-1],
        5: portrait.transpose(1, 0, 2),
        6: np.rot90(portrait, 1),
        7: np.rot90(portrait, 1)[:, ::-1],
        8: np.rot90(portrait, -1),
    }[orientation]
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    data = encoded(np.ascontiguousarray(as_stored), format, exif=exif, quality=95)
    assert np.abs(decode(data).pixels.astype(int) - portrait).mean() < 4


def profile_with_red_and_green_swapped() -> bytes:
    """sRGB's profile under another name, its red and green primaries exchanged."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    offsets = {}
    for entry in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12):
        offsets[bytes(profile[entry : entry + 4])] = entry + 4
    red, green = offsets[b"rXYZ"], offsets[b"gXYZ"]
    swapped = profile[green : green + 8], profile[red : red + 8]
    profile[red : red + 8], profile[green : green + 8] = swapped
    for name in (b"sRGB", "sRGB".encode("utf-16-be")):
        profile = profile.replace(name, b"x" * len(name))
    return bytes(profile)


def test_colours_are_brought_to_srgb() -> None:
    red = PillowImage.new("RGB", (16, 16), (255, 0, 0))
    buffer = io.BytesIO()
    red.save(buffer, "JPEG", quality=95, icc_profile=profile_with_red_and_green_swapped())
    pixel = decode(buffer.getvalue()).pixels[8, 8]
    assert pixel[1] > 200
    assert pixel[0] < 60


def test_heic_as_phones_write_it(portrait: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(PillowImage.fromarray(portrait)).save(buffer, quality=95)
    known = [name for name in PillowImage.ID if name != "HEIF"]
    monkeypatch.setattr(PillowImage, "ID", known)
    decoded = decode(buffer.getvalue(), "phone.heic")
    assert decoded.size_wh == (512, 512)
    assert np.abs(decoded.pixels.astype(int) - portrait).mean() < 4
    with pytest.raises(ImageReadError, match=r"HEI[CF] cannot be decoded"):
        decode(buffer.getvalue()[:400])


def test_heic_without_the_extra_says_what_to_install(
    portrait: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(PillowImage.fromarray(portrait)).save(buffer)
    # As in a process that never imported it: saving made it known to Pillow.
    monkeypatch.setattr(PillowImage, "ID", [name for name in PillowImage.ID if name != "HEIF"])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mien\[heif\]'"):
        decode(buffer.getvalue(), "phone.heic")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError, match=r"nowhere\.jpg: no such file"):
        read_image(tmp_path / "nowhere.jpg")
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "nowhere.jpg")


def test_an_empty_file() -> None:
    with pytest.raises(ImageReadError, match="is empty"):
        decode(b"", "x.jpg")


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.99])
def test_a_truncated_jpeg_is_refused(portrait_jpeg: bytes, kept: float) -> None:
    with pytest.raises(ImageReadError, match=r"truncated|broken"):
        decode(portrait_jpeg[: int(len(portrait_jpeg) * kept)])


def test_a_truncated_jpeg_with_a_whole_thumbnail_is_refused(portrait_jpeg: bytes) -> None:
    # The thumbnail in the header ends with an end-of-image marker of its own.
    thumbnail = encoded(np.zeros((8, 8, 3), np.uint8), "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    whole = portrait_jpeg[:2] + segment + portrait_jpeg[2:]
    assert decode(whole).size_wh == (512, 512)
    with pytest.raises(ImageReadError, match="truncated"):
        decode(whole[: len(whole) // 2])


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "WEBP"])
def test_other_truncated_files_are_refused(portrait: np.ndarray, format: str) -> None:
    data = encoded(portrait, format)
    with pytest.raises(ImageReadError):
        decode(data[: len(data) // 2])


def test_text_named_jpg(tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    path.write_text("Dear all, there is no face in here.")
    with pytest.raises(ImageReadError, match="not a picture"):
        read_image(path)


def test_a_huge_header_is_refused_before_decoding() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    png += struct.pack(">I", zlib.crc32(chunk)) + struct.pack(">I", 0) + b"IDAT"
    with pytest.raises(ImageTooLargeError, match="3600"):
        decode(png)


def test_the_pixel_limit_can_be_set(portrait_jpeg: bytes) -> None:
    with pytest.raises(ImageTooLargeError, match="512 x 512"):
        decode(portrait_jpeg, max_pixels=512 * 512 - 1)
    assert decode(portrait_jpeg, max_pixels=512 * 512).size_wh == (512, 512)


def test_one_pixel() -> None:
    assert decode(encoded(np.full((1, 1, 3), 7, np.uint8), "PNG")).pixels.tolist() == [[[7, 7, 7]]]


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match="directory"):
        read_image(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_an_unreadable_file(portrait_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    # The suite may run as root, whom no permission stops.
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ImageReadError, match="Permission denied"):
        read_image(portrait_file)


def test_names_with_spaces_and_unicode(tmp_path: Path, portrait_jpeg: bytes) -> None:
    path = tmp_path / "Großmutter 祖母 (1).jpg"
    path.write_bytes(portrait_jpeg)
    assert read_image(path).source == str(path)


def test_the_content_hash_is_of_the_file(portrait_jpeg: bytes) -> None:
    import hashlib

    assert decode(portrait_jpeg).content_sha256 == hashlib.sha256(portrait_jpeg).hexdigest()


def test_garbage_never_escapes_the_error_tree(portrait_jpeg: bytes) -> None:
    generator = np.random.default_rng(0)
    for _ in range(200):
        data = bytearray(portrait_jpeg[:4000] + portrait_jpeg[-2:])
        for position in generator.integers(0, len(data), 20):
            data[position] = generator.integers(256)
        try:
            decode(bytes(data))
        except ImageReadError:
            continue


def test_opencv_is_told_rgb(portrait: np.ndarray) -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes BGR
    data = cv2.imencode(".jpg", red)[1].tobytes()
    assert decode(data).pixels[8, 8, 0] > 200
