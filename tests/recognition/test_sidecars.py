"""Names written into sidecars of real photos, turned ones too, and enrolled from them again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from typer.testing import CliRunner, Result

import mien
from mien.apps.cli import app
from mien.gallery import Subject, open_gallery
from mien.gallery.sqlite import SqliteGallery
from mien.io.xmp import Region, read_regions, with_regions
from mien.recognition.enrol import enrol_faces
from mien.recognition.pinned import analyzer_for
from mien.recognition.sidecars import named_by_sidecar, write_sidecars


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


#: How a picture is stored that is to be seen upright with this EXIF orientation.
STORED = {
    1: lambda shown: shown,
    3: lambda shown: shown[::-1, ::-1],
    6: lambda shown: np.rot90(shown),
    8: lambda shown: np.rot90(shown, -1),
}


def save(path: Path, shown: np.ndarray, orientation: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(STORED[orientation](shown))
    PillowImage.fromarray(stored).save(path, quality=95, exif=exif)
    return path


@pytest.fixture
def photos(tmp_path: Path, portrait: np.ndarray) -> Path:
    """Two people on each photo: Eileen left, her smaller mirror image right."""
    both = np.full((512, 800, 3), 127, np.uint8)
    both[:, :512] = portrait
    both[100:388, 512:] = portrait[::, ::-1][:512:1][112:400, 100:388]
    for orientation in STORED:
        save(tmp_path / "photos" / f"{orientation}" / "p.jpg", both, orientation)
    return tmp_path / "photos"


@pytest.fixture
def gallery(tmp_path: Path, photos: Path):
    with open_gallery(tmp_path / "people") as opened:
        analyzer = analyzer_for(opened)
        enrol_faces(opened, mien.io.find_images(photos), analyzer=analyzer)
        for reference in list(opened.iterate()):
            left = reference.box[0] < 400
            if left:
                opened.amend(
                    reference.subject_id, name=f"Eileen {Path(reference.source).parent.name}"
                )
        yield opened


def faces_in(photo: Path) -> list[Region]:
    return read_regions(Path(f"{photo}.xmp").read_bytes(), str(photo))


def test_names_go_out_and_come_back(gallery: SqliteGallery, photos: Path, tmp_path: Path) -> None:
    files = sorted(photos.rglob("*.jpg"))
    before = {path: path.read_bytes() for path in files}
    written = write_sidecars(gallery, reason="for digiKam")
    assert (written.n_sidecars, written.n_regions, written.left) == (4, 4, ())
    assert {path: path.read_bytes() for path in files} == before
    (copy,) = gallery.copies()
    assert (copy.kind, copy.path) == ("export", str(photos / "*.xmp"))
    # Regions lie in the picture as it is stored: where a program sees them that ignores EXIF.
    upright = faces_in(photos / "1" / "p.jpg")[0].box_xyxy
    for orientation, region in ((o, faces_in(photos / str(o) / "p.jpg")[0]) for o in STORED):
        pixels = np.zeros((512, 800), np.uint8)
        x1, y1, x2, y2 = np.round(np.array(upright) * [800, 512, 800, 512]).astype(int)
        pixels[y1:y2, x1:x2] = 1
        rows, columns = np.nonzero(STORED[orientation](pixels))
        height, width = STORED[orientation](pixels).shape
        expected = (
            columns.min() / width,
            rows.min() / height,
            (columns.max() + 1) / width,
            (rows.max() + 1) / height,
        )
        assert region.box_xyxy == pytest.approx(expected, abs=0.02)
        assert region.name == f"Eileen {orientation}"
    done = run("enrol", photos, "-g", tmp_path / "again", "--subject-from", "xmp")
    assert json.loads(done.stdout)["enrolled"] == 4
    with open_gallery(tmp_path / "again") as again:
        boxes = {gallery.subject(r.subject_id).name: r.box for r in gallery.iterate()}
        for reference in again.iterate():
            assert reference.box == pytest.approx(boxes[again.subject(reference.subject_id).name])


def test_a_second_run_renames_and_removes_only_its_own(
    gallery: SqliteGallery, photos: Path
) -> None:
    photo = photos / "1" / "p.jpg"
    sidecar = Path(f"{photo}.xmp")
    other = Region("Somebody's dog's face", (0.9, 0.9, 1.0, 1.0))
    made, _ = with_regions(None, [other], size_wh=(800, 512), source="x")
    sidecar.write_bytes(made.replace(b"mien<", b"digiKam<"))
    write_sidecars(gallery)
    assert [r.name for r in faces_in(photo)] == ["Somebody's dog's face", "Eileen 1"]
    unchanged = sidecar.stat().st_mtime_ns, sidecar.read_bytes()
    write_sidecars(gallery)
    assert unchanged[1] == sidecar.read_bytes()
    (eileen,) = gallery.find(name="Eileen 1")
    gallery.amend(eileen.subject_id, name="Eileen Collins")
    write_sidecars(gallery)
    assert [r.name for r in faces_in(photo)] == ["Somebody's dog's face", "Eileen Collins"]
    gallery.delete(subject_id=gallery.find(name="Eileen 3")[0].subject_id)
    write_sidecars(gallery)
    assert faces_in(photos / "3" / "p.jpg") == []
    taken = sidecar.read_bytes().replace(b"mien<", b"digiKam<").replace(b"Eileen", b"Irene")
    sidecar.write_bytes(taken)
    written = write_sidecars(gallery)
    assert sidecar.read_bytes() == taken
    assert [left.source for left in written.left] == [str(photo)]
    assert "names 'Eileen Collins' otherwise" in written.left[0].reason


def test_into_a_folder_and_what_is_left_out(
    gallery: SqliteGallery, photos: Path, tmp_path: Path, portrait: np.ndarray
) -> None:
    (photos / "3" / "p.jpg").unlink()
    save(photos / "6" / "p.jpg", portrait)
    (tmp_path / "out" / "8").mkdir(parents=True)
    (tmp_path / "out" / "8" / "p.jpg.xmp").write_text("<!DOCTYPE x><x/>")
    done = run("gallery", "export", tmp_path / "people", "--xmp", tmp_path / "out")
    assert done.exit_code == 3
    document = json.loads(done.stdout)
    assert (document["sidecars"], len(document["left_out"])) == (1, 3)
    for said in ("No such file", "has changed", "document type"):
        assert said in done.stderr
    assert (tmp_path / "out" / "1" / "p.jpg.xmp").is_file()
    assert (tmp_path / "out" / "8" / "p.jpg.xmp").read_text() == "<!DOCTYPE x><x/>"
    assert not list(photos.rglob("*.xmp"))
    assert run("gallery", "export", tmp_path / "people").exit_code == 2
    assert run("gallery", "export", tmp_path / "people", "x.parquet", "--xmp", "y").exit_code == 2


def test_who_is_meant(photos: Path, tmp_path: Path) -> None:
    photo = photos / "1" / "p.jpg"
    analysis = mien.analyze(photo, tasks=("embed",))
    assert named_by_sidecar(analysis) == []
    x1, y1, x2, y2 = (analysis.found.boxes.xyxy / [800, 512, 800, 512])[0]
    width, height = x2 - x1, y2 - y1
    for shift, names in ((0, ["Ada"]), (0.2, ["Ada"]), (0.9, [])):
        box = (x1 + shift * width, y1, x2 + shift * width, y2)
        nameless = Region(None, (x1, y1, x2, y2))
        xmp, _ = with_regions(None, [Region("Ada", box), nameless], size_wh=(1, 1), source="x")
        Path(f"{photo}.xmp").write_bytes(xmp)
        assert [s.name for _, s in named_by_sidecar(analysis)] == names
    # Two names for one face: the better fit wins; the other finds nobody.
    near = Region("Bo", (x1, y1, x2, y2 + 0.3 * height))
    exact = Region("Ada", (x1, y1, x2, y2))
    xmp, _ = with_regions(None, [near, exact], size_wh=(1, 1), source="x")
    Path(f"{photo}.xmp").write_bytes(xmp)
    assert [s for _, s in named_by_sidecar(analysis)] == [Subject("Ada")]


def test_xmp_inside_the_photo_and_a_broken_sidecar(
    photos: Path, tmp_path: Path, portrait: np.ndarray
) -> None:
    box = mien.detect(portrait).boxes.xyxy[0] / 512
    xmp, _ = with_regions(None, [Region("Eileen", tuple(box))], size_wh=(512, 512), source="x")
    folder = tmp_path / "inside"
    folder.mkdir()
    PillowImage.fromarray(portrait).save(folder / "a.jpg", xmp=xmp)
    PillowImage.fromarray(portrait[::-1][::-1]).save(folder / "b.png")
    (folder / "b.png.xmp").write_text("rubbish")
    done = run("enrol", folder, "-g", tmp_path / "named", "--subject-from", "xmp")
    assert done.exit_code == 3
    document = json.loads(done.stdout)
    assert (document["enrolled"], len(document["left_out"])) == (1, 1)
    assert "is not XMP" in document["left_out"][0]["reason"]
    with open_gallery(tmp_path / "named") as gallery:
        assert gallery.find(name="Eileen")
        (reference,) = gallery.iterate()
        digest = hashlib.sha256((folder / "a.jpg").read_bytes()).hexdigest()
        assert reference.content_sha256 == digest
