"""Enrolling pictures: whom they show, which face is taken, what is skipped the second time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

import mien
from mien.errors import GalleryMismatchError, InputError
from mien.gallery import Consent, Count, Gallery, Subject, open_gallery
from mien.io import find_images
from mien.recognition.enrol import enrol_pictures
from mien.recognition.labels import by_folder, by_name, by_table
from mien.recognition.pinned import analyzer_for
from mien.types import Templates


def write(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels[:, :, ::-1])
    return path


@pytest.fixture
def photos(tmp_path: Path, portrait: np.ndarray) -> Path:
    folder = tmp_path / "photos"
    turn = cv2.getRotationMatrix2D((256, 256), 8, 0.9)
    write(folder / "Eileen" / "a.jpg", portrait)
    write(folder / "Eileen" / "2020" / "b.jpg", cv2.warpAffine(portrait, turn, (512, 512)))
    write(folder / "Twins" / "c.jpg", np.hstack([portrait, portrait[:, ::-1]]))
    write(folder / "Nobody" / "d.png", np.full((80, 80, 3), 127, np.uint8))
    write(folder / "stray.jpg", portrait[:, ::-1])
    (folder / "Broken").mkdir()
    (folder / "Broken" / "e.jpg").write_bytes(b"not a picture")
    return folder


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with open_gallery(tmp_path / "people") as opened:
        yield opened


def test_a_folder_is_enrolled_once(gallery: Gallery, photos: Path, portrait: np.ndarray) -> None:
    consent = Consent("door", datetime.now(UTC), datetime(2999, 1, 1, tzinfo=UTC))
    done = []

    def run() -> object:
        return enrol_pictures(
            gallery,
            find_images(photos),
            analyzer=analyzer_for(gallery, ("quality", "embed")),
            labels=by_folder(photos),
            consent=consent,
            reason="test",
            on_done=lambda: done.append(1),
        )

    progress = run()
    assert (progress.n_pictures, progress.n_enrolled, progress.n_already) == (6, 2, 0)
    left = {Path(left.source).name: left for left in progress.left}
    assert {name: picture.reason for name, picture in left.items() if not picture.failed} == {
        "c.jpg": "shows 2 faces",
        "d.png": "no face was found",
        "stray.jpg": "nothing says whom it shows",
    }
    assert "is not a picture" in left["e.jpg"].reason
    assert len(done) == 6
    assert gallery.count() == Count(1, 2)
    (subject,) = gallery.subjects()
    assert (subject.name, subject.consent) == ("Eileen", consent)
    again = run()
    assert (again.n_enrolled, again.n_already, len(again.left)) == (0, 2, 4)
    (candidates,) = gallery.search(mien.embed(portrait), 5)
    reference = gallery.get(candidates[0].reference_id)
    assert Path(reference.source).name == "a.jpg"
    assert candidates[0].score > 0.99
    assert reference.content_sha256 == mien.read_image(photos / "Eileen" / "a.jpg").content_sha256
    assert reference.box == pytest.approx(
        mien.detect(photos / "Eileen" / "a.jpg").boxes.xyxy[0], abs=0.01
    )
    assert 0 <= reference.quality <= 100


def test_the_largest_face(gallery: Gallery, photos: Path, portrait: np.ndarray) -> None:
    small = cv2.resize(portrait, (256, 256))
    both = np.full((512, 768, 3), 127, np.uint8)
    both[:256, :256], both[:, 256:] = small, portrait
    path = write(photos / "both.jpg", both)
    progress = enrol_pictures(
        gallery, [path], analyzer=analyzer_for(gallery), labels=by_name, choose="largest"
    )
    assert progress.n_enrolled == 1
    (reference,) = gallery.iterate()
    assert reference.box[0] > 256
    assert reference.quality is None
    with pytest.raises(InputError, match="'best'"):
        enrol_pictures(gallery, [], analyzer=analyzer_for(gallery), labels=by_name, choose="best")


def test_those_who_opted_out_are_left_out(gallery: Gallery, photos: Path) -> None:
    gallery.opt_out(Subject("Eileen"))
    progress = enrol_pictures(
        gallery,
        find_images(photos / "Eileen"),
        analyzer=analyzer_for(gallery),
        labels=by_folder(photos),
    )
    assert (progress.n_pictures, progress.n_enrolled) == (2, 0)
    assert {left.reason for left in progress.left} == {"the person opted out"}


def test_what_was_analysed_before_an_error_is_kept(gallery: Gallery, photos: Path) -> None:
    def labels(path: Path) -> Subject:
        if path.name == "c.jpg":
            raise RuntimeError("stop")
        return Subject("someone")

    pictures = [photos / "Eileen" / "a.jpg"] * 1 + [photos / "Twins" / "c.jpg"]
    analyzer = analyzer_for(gallery, threads=1)
    with pytest.raises(RuntimeError, match="stop"):
        enrol_pictures(gallery, pictures * 40, analyzer=analyzer, labels=labels)
    assert gallery.count().references <= 1


def test_a_gallery_chooses_the_model_it_was_made_with(
    gallery: Gallery, portrait: np.ndarray
) -> None:
    plain = mien.embed(portrait, mirror=False, mesh="facemesh.plain")
    gallery.enrol(plain, Subject("Eileen"))
    analyzer = analyzer_for(gallery)
    assert (analyzer.options.mirror, analyzer.options.mesh) == (False, "facemesh.plain")
    found = analyzer.analyze(portrait).templates
    assert found.model_id == gallery.model_id
    with pytest.raises(GalleryMismatchError, match="makes other templates"):
        analyzer_for(gallery, mirror=True)


def test_a_model_that_is_not_installed(gallery: Gallery) -> None:
    unknown = Templates(np.eye(1, 4, dtype=np.float32), np.ones(1), "arc.gone@12345678")
    gallery.enrol(unknown, Subject("Ada"))
    with pytest.raises(GalleryMismatchError, match=r"no model arc\.gone is installed"):
        analyzer_for(gallery)


def test_labels_by_folder_and_name() -> None:
    root = Path("photos")
    assert by_folder(root)(root / "Ada" / "x" / "1.jpg") == Subject("Ada")
    assert by_folder(root)(root / "1.jpg") is None
    assert by_folder(root)(Path("elsewhere/Ada/1.jpg")) is None
    names = {
        "Ada_Lovelace_0003.jpg": "Ada Lovelace",
        "Ada (2).jpg": "Ada",
        "Ada-7.png": "Ada",
        "Ada.jpeg": "Ada",
        "R2D2.jpg": "R2D",
    }
    for file, name in names.items():
        assert by_name(Path(file)) == Subject(name)
    assert by_name(Path("0001.jpg")) is None


def test_labels_by_table(tmp_path: Path) -> None:
    table = tmp_path / "people.csv"
    table.write_text("file,name,external_id\na.jpg,Ada,7\nb/c.jpg,,8\nd.jpg,,\n", "utf-8-sig")
    labels = by_table(table)
    assert labels(tmp_path / "a.jpg") == Subject("Ada", "7")
    assert labels(tmp_path / "b" / ".." / "b" / "c.jpg") == Subject(None, "8")
    assert labels(tmp_path / "d.jpg") is labels(tmp_path / "z.jpg") is None
    table.write_text("path,name\n")
    with pytest.raises(InputError, match="expected file, and name or external_id"):
        by_table(table)
    with pytest.raises(InputError, match="cannot be read as CSV"):
        by_table(tmp_path / "none.csv")
