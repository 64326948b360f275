"""Written pictures hold pixels and nothing else, whatever the picture that was read held."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms
from PIL.PngImagePlugin import PngInfo

from mien.errors import InputError
from mien.io import decode, read_image
from mien.io.bare_file import bare_bytes, bare_name, frames_in, write_bare
from mien.types import Image

SECRET = "Kilroy-4711"
#: Groups of tags that exiftool reads off a file system or off the pixels' encoding.
HARMLESS = {"ExifTool", "System", "File", "JFIF", "PNG", "RIFF", "Composite", "SourceFile"}
#: Of TIFF's own tags, those without which there is no picture.
TIFF_TAGS = {
    *("ImageWidth", "ImageHeight", "BitsPerSample", "Compression", "PhotometricInterpretation"),
    *("StripOffsets", "SamplesPerPixel", "RowsPerStrip", "StripByteCounts", "Predictor"),
    *("PlanarConfiguration", "SampleFormat", "FillOrder", "Orientation"),
}


def telling_files(folder: Path, pixels: np.ndarray) -> list[Path]:
    """Pictures that tell who, where and with what in every way that Pillow can write."""
    picture = PillowImage.fromarray(pixels)
    exif = picture.getexif()
    exif[0x0112] = 6
    exif[0x010F] = exif[0x010E] = exif[0x013B] = SECRET
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    exif.get_ifd(0x8769)[0x927C] = SECRET.encode()
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{SECRET}</x:xmpmeta>'.encode()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    text = PngInfo()
    text.add_text("Author", SECRET)
    text.add_itxt("XML:com.adobe.xmp", xmp.decode())
    everything = {"exif": exif, "xmp": xmp, "icc_profile": profile}
    picture.save(folder / "a.jpg", comment=SECRET.encode(), **everything)
    picture.save(folder / "b.png", pnginfo=text, exif=exif, icc_profile=profile)
    picture.save(folder / "c.webp", **everything)
    picture.save(folder / "d.tif", exif=exif, icc_profile=profile, description=SECRET)
    with_thumbnail(folder / "a.jpg", folder / "e.jpg", picture)
    return sorted(folder.iterdir())


def with_thumbnail(source: Path, target: Path, picture: PillowImage.Image) -> None:
    """Embed a small copy, as cameras do; that takes exiftool."""
    shutil.copy(source, target)
    if shutil.which("exiftool") is None:
        return
    small = target.with_name("small.jpg")
    picture.resize((64, 64)).save(small)
    command = ["exiftool", "-q", "-overwrite_original", f"-ThumbnailImage<={small}"]
    subprocess.run([*command, f"-IPTC:By-line={SECRET}", str(target)], check=True)
    small.unlink()


@pytest.fixture
def telling(tmp_path: Path, portrait: np.ndarray) -> list[Path]:
    folder = tmp_path / "in"
    folder.mkdir()
    return telling_files(folder, portrait[:256, 100:400])


def test_bytes_hold_no_trace(telling: list[Path], tmp_path: Path) -> None:
    for path in telling:
        assert SECRET.encode() in path.read_bytes(), path
        target = tmp_path / path.name
        write_bare(target, read_image(path))
        data = target.read_bytes()
        for trace in (SECRET.encode(), b"Exif", b"adobe:ns", b"http", b"ICC_PROFILE", b"Photoshop"):
            assert trace not in data, (path, trace)
        # A thumbnail would be a second picture.
        assert data.count(b"\xff\xd8\xff") == (path.suffix == ".jpg")


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="needs exiftool")
def test_exiftool_finds_nothing(telling: list[Path], tmp_path: Path) -> None:
    for path in telling:
        write_bare(tmp_path / path.name, read_image(path))
        command = ["exiftool", "-j", "-a", "-u", "-G1", "-ee", str(tmp_path / path.name)]
        (tags,) = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        left = {name for name in tags if name.split(":")[0] not in HARMLESS}
        assert {name.split(":")[1] for name in left} <= TIFF_TAGS, path
        if path.suffix != ".tif":
            assert not left, path


@pytest.mark.skipif(shutil.which("exiv2") is None, reason="needs exiv2")
def test_exiv2_finds_nothing(telling: list[Path], tmp_path: Path) -> None:
    for path in telling:
        if path.suffix == ".tif":
            continue  # its own tags are Exif to exiv2
        write_bare(tmp_path / path.name, read_image(path))
        command = ["exiv2", "-pa", str(tmp_path / path.name)]
        assert subprocess.run(command, capture_output=True).stdout == b"", path


def test_pixels_are_upright_and_srgb(telling: list[Path], tmp_path: Path) -> None:
    for path in telling:
        image = read_image(path)
        write_bare(tmp_path / path.name, image)
        again = read_image(tmp_path / path.name)
        assert again.size_wh == image.size_wh == (256, 300), path
        off = np.abs(again.pixels.astype(int) - image.pixels).mean()
        assert off < (0.01 if path.suffix in (".png", ".tif") else 3), path


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("a.JPG", "a.JPG"),
        ("a.jpeg", "a.jpeg"),
        ("a.tif", "a.tif"),
        ("a.gif", "a.gif.png"),
        ("a.heic", "a.heic.jpg"),
        ("sub/a.avif", "sub/a.avif.jpg"),
        ("a", "a.jpg"),
    ],
)
def test_names(name: str, written: str) -> None:
    assert bare_name(Path(name)) == Path(written)
    image = Image(np.zeros((3, 5, 3), np.uint8))
    assert decode(bare_bytes(image, Path(written).suffix)).size_wh == (5, 3)


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    image = Image(np.zeros((3, 5, 3), np.uint8))
    with pytest.raises(InputError, match=r"got '\.gif'"):
        bare_bytes(image, ".gif")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        write_bare(tmp_path / "file" / "a.jpg", image)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_how_many_pictures_a_file_holds(tmp_path: Path) -> None:
    frames = [PillowImage.new("RGB", (4, 4), (shade, 0, 0)) for shade in (0, 90, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "b.png")
    (tmp_path / "c.jpg").write_text("none")
    assert [frames_in(tmp_path / name) for name in ("a.gif", "b.png", "c.jpg")] == [3, 1, 1]
