"""Migrating real pictures: found again, changed, gone, or kept as encrypted crops."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

import mien
from mien.errors import GalleryError, GalleryKeyError, GalleryMismatchError
from mien.gallery import Subject, open_gallery
from mien.gallery.parquet import read_parquet
from mien.gallery.sqlite import SqliteGallery
from mien.io import find_images
from mien.recognition import migrate as migrating
from mien.recognition.enrol import enrol_pictures
from mien.recognition.labels import by_folder
from mien.recognition.migrate import migrate, target_analyzer
from mien.recognition.pinned import analyzer_for
from tests.gallery.conftest import KEY
from tests.gallery.test_erasure import everything_in
from tests.models.conftest import write_recogniser


def write(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels[:, :, ::-1])
    return path


@pytest.fixture
def photos(tmp_path: Path, portrait: np.ndarray) -> Path:
    folder = tmp_path / "photos"
    write(folder / "Eileen" / "a.png", portrait)
    write(folder / "Eileen" / "b.png", portrait[:, ::-1])
    both = np.full((512, 768, 3), 127, np.uint8)
    both[:256, :256], both[:, 256:] = cv2.resize(portrait, (256, 256)), portrait
    write(folder / "Both" / "c.png", both)
    return folder


def enrolled(place: Path, photos: Path, *, keep_crops: bool = False, **options: object):
    gallery = open_gallery(place, **options)
    progress = enrol_pictures(
        gallery,
        find_images(photos),
        analyzer=analyzer_for(gallery),
        labels=by_folder(photos),
        choose="largest",
        keep_crops=keep_crops,
    )
    assert progress.n_enrolled == 3
    return gallery


@pytest.fixture
def own(tmp_path: Path) -> str:
    return str(write_recogniser(tmp_path))


def test_every_face_is_made_anew(tmp_path: Path, photos: Path, own: str) -> None:
    with enrolled(tmp_path / "people", photos) as gallery:
        analyzer, model_id = target_analyzer(own)
        steps: list[int] = []
        outcome = migrate(gallery, analyzer, model_id, on_done=lambda: steps.append(1))
        assert (outcome.missing, outcome.migrated.n_references, len(steps)) == ((), 3, 3)
        assert (
            gallery.model_id
            == model_id
            == mien.embed(photos / "Both" / "c.png", embedder=own).model_id
        )
        for reference in gallery.iterate():
            found = mien.analyze(reference.source, tasks=("embed",), embedder=own)
            nearest = np.abs(found.found.boxes.xyxy - reference.box).sum(axis=1).argmin()
            stored = gallery.templates([reference.reference_id])
            assert np.allclose(stored.vectors[0], found.templates.vectors[nearest], atol=1e-6)
        again = migrate(gallery, analyzer, model_id)
        assert (again.already, again.migrated) == (True, None)


def test_a_default_of_today_does_not_change_a_gallery(
    tmp_path: Path, portrait: np.ndarray, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path))
    with open_gallery(tmp_path / "people") as gallery:
        # As if the default had been this one when it was made.
        gallery.enrol(mien.embed(portrait, embedder="tiny.own"), Subject("Eileen"))
    with open_gallery(tmp_path / "people") as gallery:
        analyzer = analyzer_for(gallery)
        assert analyzer.options.embedder == "tiny.own" != mien.Analyzer(("embed",)).options.embedder
        probe = analyzer.analyze(portrait).templates
        assert gallery.search(probe, 1)[0][0].score == pytest.approx(1)
        with pytest.raises(GalleryMismatchError):
            gallery.search(mien.embed(portrait), 1)


def test_what_cannot_be_found_is_listed_and_holds_the_change_up(
    tmp_path: Path, photos: Path, portrait: np.ndarray, own: str
) -> None:
    with enrolled(tmp_path / "people", photos) as gallery:
        kept = (photos / "Eileen" / "a.png").read_bytes()
        (photos / "Eileen" / "a.png").unlink()
        write(photos / "Eileen" / "b.png", portrait[:, ::-1] // 2)
        gallery.enrol(analyzer_for(gallery).analyze(portrait).templates, Subject("no picture"))
        analyzer, model_id = target_analyzer(own)
        outcome = migrate(gallery, analyzer, model_id)
        why = {Path(str(r.source)).name: reason for r, reason in outcome.missing}
        assert why == {
            "a.png": migrating.NO_FILE,
            "b.png": migrating.CHANGED,
            "None": migrating.NO_SOURCE,
        }
        assert outcome.migrated is None
        assert gallery.model_id.startswith("resnet29.dlib@")
        (photos / "Eileen" / "a.png").write_bytes(kept)
        outcome = migrate(gallery, analyzer, model_id, drop_missing=True)
        assert (len(outcome.missing), outcome.migrated.n_dropped) == (2, 2)
        assert (gallery.count().references, gallery.model_id) == (2, model_id)


def test_a_face_that_is_not_found_again_and_a_broken_file(
    tmp_path: Path, photos: Path, portrait: np.ndarray, own: str
) -> None:
    import hashlib

    from mien.gallery import Origin

    with open_gallery(tmp_path / "people") as gallery:
        broken = photos / "broken.jpg"
        broken.write_bytes(b"\xff\xd8\xff")
        path = photos / "Eileen" / "a.png"
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        made = mien.embed(portrait)
        gallery.enrol(
            mien.Templates.concatenate([made] * 4),
            Subject("Eileen"),
            origins=[
                Origin(str(path), content, 0, (400, 400, 500, 500)),
                Origin(str(path), content, 1),
                Origin(str(path), content, 5),
                Origin(str(broken), "ab" * 32),
            ],
        )
        outcome = migrate(gallery, *target_analyzer(own))
        assert [(r.reference_id, why) for r, why in outcome.missing] == [
            (1, migrating.NO_FACE),
            (2, migrating.NO_FACE),
            (3, migrating.NO_FACE),
            (4, migrating.UNREADABLE),
        ]


def test_relative_sources_are_looked_for_below_a_root(
    tmp_path: Path, photos: Path, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    with enrolled(tmp_path / "people", Path(".")) as gallery:
        monkeypatch.chdir(tmp_path)
        target = target_analyzer(own)
        assert len(migrate(gallery, *target).missing) == 3
        assert migrate(gallery, *target, root=photos).migrated is not None


def test_crops_stand_in_for_pictures_and_vanish_with_the_subject(
    tmp_path: Path, photos: Path, own: str
) -> None:
    pytest.importorskip("cryptography")
    with enrolled(tmp_path / "people", photos, keep_crops=True, key=KEY) as gallery:
        analyzer, model_id = target_analyzer(own)
        before = {
            r.reference_id: mien.analyze(r.source, tasks=("embed",), embedder=own)
            for r in gallery.iterate()
        }
        boxes = {r.reference_id: r.box for r in gallery.iterate()}
        crop = gallery.crop(1)
        assert max(mien.io.decode(crop).size_wh) <= 256
        assert crop not in everything_in(tmp_path / "people")
        gallery.rotate_key(bytes(range(1, 33)))
        assert gallery.crop(1) == crop
        _exports_hold_crops_when_asked(gallery, tmp_path, crop)
        for path in photos.rglob("*.png"):
            path.unlink()
        outcome = migrate(gallery, analyzer, model_id)
        assert (outcome.missing, outcome.migrated.n_references) == ((), 3)
        for number, analysis in before.items():
            row = np.abs(analysis.found.boxes.xyxy - boxes[number]).sum(axis=1).argmin()
            score = gallery.templates([number]).vectors[0] @ analysis.templates.vectors[row]
            assert score > 0.98
        gallery.delete(subject_id=gallery.get(1).subject_id)
        assert gallery.crop(1) is None
        with gallery._database.reading() as connection:
            sizes = connection.execute("SELECT data FROM cells WHERE length(data) > 2000")
            owned = connection.execute("SELECT count(*) FROM crops").fetchone()[0]
            assert sum(any(data) for (data,) in sizes) == owned
        assert gallery.verify().problems == ()


def _exports_hold_crops_when_asked(gallery: SqliteGallery, folder: Path, crop: bytes) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    gallery.export(folder / "without.parquet")
    assert "crop" not in parquet.read_table(folder / "without.parquet").column_names
    gallery.export(folder / "with.parquet", crops=True)
    assert parquet.read_table(folder / "with.parquet").to_pylist()[0]["crop"] == crop
    with open_gallery(folder / "again", key=KEY) as again:
        assert read_parquet(again, folder / "with.parquet") == 3
        assert again.crop(1) == crop
    with open_gallery(folder / "plain") as plain, pytest.raises(GalleryKeyError):
        read_parquet(plain, folder / "with.parquet")


def test_crops_are_kept_encrypted_or_not_at_all(tmp_path: Path, photos: Path) -> None:
    with pytest.raises(GalleryKeyError, match="encrypted galleries only"):
        enrolled(tmp_path / "people", photos, keep_crops=True)
    with SqliteGallery(tmp_path / "people") as gallery:
        assert gallery.count().references == 0


def test_a_picture_that_changes_while_it_is_enrolled(
    tmp_path: Path, photos: Path, portrait: np.ndarray
) -> None:
    pytest.importorskip("cryptography")
    with open_gallery(tmp_path / "people", key=KEY) as gallery:
        analyzer = analyzer_for(gallery, threads=1)
        analyze_many = analyzer.analyze_many

        def meddled(paths):
            for number, analysis in enumerate(analyze_many(paths)):
                if number == 0:
                    write(Path(analysis.source), portrait // 2)
                elif number == 1:
                    Path(analysis.source).unlink()
                yield analysis

        analyzer.analyze_many = meddled
        progress = enrol_pictures(
            gallery,
            find_images(photos),
            analyzer=analyzer,
            labels=by_folder(photos),
            choose="largest",
            keep_crops=True,
        )
        assert (progress.n_enrolled, [left.failed for left in progress.left]) == (1, [True, True])
        assert "changed while it was enrolled" in progress.left[0].reason
        assert "no such file" in progress.left[1].reason


def test_an_empty_gallery_has_nothing_to_migrate(tmp_path: Path, own: str) -> None:
    with (
        open_gallery(tmp_path / "people") as gallery,
        pytest.raises(GalleryError, match="nothing is enrolled"),
    ):
        migrate(gallery, *target_analyzer(own))


def test_a_projection_head_is_another_model(tmp_path: Path, photos: Path, own: str) -> None:
    """The same network with a linear head in its graph: another id, and the gallery migrates."""
    folder = tmp_path / "head"
    folder.mkdir()
    spec = write_recogniser(folder)
    network = onnx.load(str(folder / "tiny.onnx"))
    head = np.random.default_rng(0).standard_normal((48, 8)).astype(np.float32)
    network.graph.initializer.append(onnx.numpy_helper.from_array(head, "head"))
    network.graph.node.append(onnx.helper.make_node("MatMul", ["683", "head"], ["projected"]))
    del network.graph.output[:]
    network.graph.output.append(
        onnx.helper.make_tensor_value_info("projected", onnx.TensorProto.FLOAT, ["N", 8])
    )
    onnx.save(network, str(folder / "tiny.onnx"))
    spec.write_text(spec.read_text().replace("tiny.own", "tiny.head"))
    with enrolled(tmp_path / "people", photos) as gallery:
        assert migrate(gallery, *target_analyzer(own)).migrated is not None
        plain = gallery.model_id
        assert migrate(gallery, *target_analyzer(str(spec))).migrated is not None
        assert (gallery.dimension, gallery.model_id != plain) == (8, True)
        assert gallery.model_id.startswith("tiny.head@")
        assert gallery.verify().problems == ()


def test_a_full_model_id_names_its_recipe(tmp_path: Path, portrait: np.ndarray) -> None:
    plain = mien.embed(portrait, mirror=False, mesh="facemesh.plain")
    analyzer, model_id = target_analyzer(plain.model_id)
    assert model_id == plain.model_id
    assert (analyzer.options.mirror, analyzer.options.mesh) == (False, "facemesh.plain")
    with pytest.raises(GalleryMismatchError):
        target_analyzer("resnet29.dlib@00000000")
