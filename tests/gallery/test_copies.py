"""Exports, backups, restoring, and where a gallery may be."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from mien.errors import GalleryError, GalleryNotFoundError, InputError
from mien.gallery import Consent, Count, Gallery, Subject, open_gallery
from mien.gallery.copies import restore
from mien.gallery.parquet import read_parquet
from mien.gallery.sqlite import SqliteGallery
from tests.gallery.synthetic import MODEL, origins, templates


@pytest.fixture
def gallery(tmp_path: Path) -> SqliteGallery:
    with open_gallery(tmp_path / "people") as opened:
        people = [Subject(str(i % 3), None if i % 3 else "x") for i in range(9)]
        opened.enrol(templates(9, quality=True), people, origins=origins(9))
        yield opened


def test_an_export_holds_everything_and_is_listed(gallery: SqliteGallery, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "people.parquet"
    assert gallery.export(file, reason="research") == 9
    assert file.stat().st_mode & 0o77 == 0
    table = parquet.read_table(file)
    assert table.schema.metadata[b"model_id"] == MODEL.encode()
    rows = table.to_pylist()
    stored = gallery.templates([row["reference_id"] for row in rows])
    assert np.array_equal(np.array([row["vector"] for row in rows], np.float32), stored.vectors)
    assert [row["norm"] for row in rows] == pytest.approx(stored.norm)
    for row, reference in zip(rows, gallery.iterate(), strict=True):
        subject = gallery.subject(reference.subject_id)
        assert (row["name"], row["external_id"]) == (subject.name, subject.external_id)
        assert (row["source"], row["content_sha256"]) == (
            reference.source,
            reference.content_sha256,
        )
        assert tuple(row["box"]) == reference.box
        assert row["quality"] == pytest.approx(reference.quality)
        assert row["enrolled_at"] == reference.enrolled_at
    (copy,) = gallery.copies()
    assert (copy.kind, copy.path) == ("export", str(file))
    assert gallery.audit()[-1].reason == "research"


def test_an_export_is_imported_once(gallery: SqliteGallery, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    until = datetime(2999, 1, 1, tzinfo=UTC)
    gallery.amend(2, consent=Consent("door", datetime(2026, 1, 1, tzinfo=UTC), until))
    gallery.enrol(templates(2, seed=5), Subject(), origins=origins(2, start=20))
    gallery.enrol(templates(1, seed=6), Subject(), origins=origins(1, start=30))
    gallery.export(tmp_path / "people.parquet")
    with open_gallery(tmp_path / "new") as new:
        new.opt_out(Subject("1"))
        assert read_parquet(new, tmp_path / "people.parquet") == 9
        assert read_parquet(new, tmp_path / "people.parquet") == 0
        assert new.count() == Count(4, 9)
        known = {s.name: s for s in new.subjects() if s.name is not None}
        assert (known["0"].external_id, known["2"].external_id) == ("x", None)
        sizes = sorted(len(list(new.iterate(subject_id=s.subject_id))) for s in new.subjects())
        assert sizes == [1, 2, 3, 3]
        for reference in new.iterate():
            old = next(r for r in gallery.iterate() if r.source == reference.source)
            assert (reference.box, reference.quality) == (old.box, old.quality)
    with open_gallery(tmp_path / "other") as other:
        read_parquet(other, tmp_path / "people.parquet")
        assert other.find(name="1")[0].consent == gallery.subject(2).consent
    (tmp_path / "no.parquet").write_text("no")
    for wrong in ("no.parquet", "none.parquet"):
        with pytest.raises(InputError, match="is no export of a gallery"):
            read_parquet(gallery, tmp_path / wrong)


def test_an_empty_export_and_one_that_cannot_be_written(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with open_gallery(tmp_path / "empty") as empty:
        assert empty.export(tmp_path / "empty.parquet") == 0
        with pytest.raises(InputError, match="cannot be written"):
            empty.export(tmp_path / "nowhere" / "a.parquet")


def test_backup_and_restore(gallery: SqliteGallery, tmp_path: Path) -> None:
    probe = templates(1, seed=4)
    gallery.backup(tmp_path / "backup")
    before = gallery.search(probe, 9)
    gallery.enrol(templates(1, seed=5), Subject("late"))
    restore(tmp_path / "backup", tmp_path / "restored")
    with open_gallery(tmp_path / "restored") as restored:
        assert restored.search(probe, 9) == before
        assert restored.count() == Count(3, 9)
        assert restored.verify().problems == ()
        assert restored.audit()[-1].action == "restore"
    # A restored gallery is one of its own.
    gallery.delete(subject_id=1)
    with open_gallery(tmp_path / "restored") as restored:
        assert restored.count() == Count(3, 9)
    with pytest.raises(GalleryError, match="is not empty"):
        gallery.backup(tmp_path / "backup")
    with pytest.raises(GalleryNotFoundError, match="holds no backup"):
        restore(tmp_path, tmp_path / "other")


def test_where_a_gallery_may_be(tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.jpg").write_text("x")
    with pytest.raises(GalleryError, match=r"holds other files \(a\.jpg \.\.\.\)"):
        Gallery.open(photos)
    with pytest.raises(GalleryNotFoundError, match="holds no gallery"):
        Gallery.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()
    with pytest.raises(GalleryError, match="cannot hold a gallery"):
        Gallery.open(photos / "a.jpg")
    with pytest.raises(InputError, match="got scheme 'mongo'"):
        Gallery.open("mongo://localhost")
    with pytest.raises(InputError, match="precision: got 'int4'"):
        Gallery.open(tmp_path / "people", precision="int4")
    with Gallery.open(f"file:{tmp_path / 'deep' / 'people'}") as gallery:
        gallery.enrol(templates(1), Subject("Ada"))
    folder = tmp_path / "deep" / "people"
    assert folder.stat().st_mode & 0o77 == 0
    assert (folder / "gallery.sqlite").stat().st_mode & 0o77 == 0
    with Gallery.open(folder, create=False) as gallery:
        assert gallery.count() == Count(1, 1)
