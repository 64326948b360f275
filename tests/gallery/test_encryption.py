"""An encrypted gallery: nothing readable in any file, and only for who has the key."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mien.errors import GalleryKeyError
from mien.gallery import open_gallery
from mien.gallery.sqlite import SqliteGallery
from tests.gallery.synthetic import templates
from tests.gallery.test_erasure import enrolled, everything_in, left_of

pytest.importorskip("cryptography")
KEY, OTHER = bytes(range(32)), bytes(range(1, 33))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "people"
    path.mkdir()
    return path


@pytest.fixture
def gallery(folder: Path) -> Iterator[SqliteGallery]:
    with SqliteGallery(folder, key=KEY) as opened:
        yield opened


def test_nothing_is_readable_in_any_file(gallery: SqliteGallery, folder: Path) -> None:
    person = enrolled(gallery, 20, np.random.default_rng(0))
    gallery.search(gallery.templates([1]), 5)
    assert left_of(person, folder) == []
    assert (folder / "gallery.sqlite-wal").stat().st_size > 0
    gallery.close()
    assert left_of(person, folder) == []
    assert KEY not in everything_in(folder)


def test_the_key_opens_it_and_no_other(gallery: SqliteGallery, folder: Path) -> None:
    enrolled(gallery, 3, np.random.default_rng(0))
    assert gallery.encrypted
    gallery.close()
    with pytest.raises(GalleryKeyError, match="under another key"):
        open_gallery(folder, key=OTHER)
    with pytest.raises(GalleryKeyError, match="MIEN_GALLERY_KEY"):
        open_gallery(folder)
    with pytest.raises(GalleryKeyError, match="got 5 bytes, expected 32"):
        open_gallery(folder, key=b"short")
    with open_gallery(folder, key=KEY) as again:
        assert again.count().references == 3


def test_the_key_comes_from_the_environment_or_a_file(
    gallery: SqliteGallery, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(gallery, 1, np.random.default_rng(0))
    gallery.close()
    file = tmp_path / "key"
    for text in (KEY.hex(), base64.b64encode(KEY).decode() + "\n"):
        file.write_text(text)
        with open_gallery(folder, key=file) as opened:
            assert opened.count().references == 1
        with monkeypatch.context() as context:
            context.setenv("MIEN_GALLERY_KEY", text)
            open_gallery(folder).close()
        with monkeypatch.context() as context:
            context.setenv("MIEN_GALLERY_KEY_FILE", str(file))
            open_gallery(folder).close()
    for wrong in ("", "zz", "A" * 44, "é"):
        file.write_text(wrong)
        with pytest.raises(GalleryKeyError, match="key"):
            open_gallery(folder, key=file)
    with pytest.raises(GalleryKeyError, match="no key can be read"):
        open_gallery(folder, key=tmp_path / "nowhere")


def test_a_plain_gallery_takes_no_key_but_may_be_encrypted_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SqliteGallery(folder) as plain:
        person = enrolled(plain, 30, np.random.default_rng(0))
        gone = enrolled(plain, 9, np.random.default_rng(1))
        plain.delete(subject_id=gone.subject_id)
        probe = plain.templates([2])
        before = plain.search(probe, 9)
        with pytest.raises(GalleryKeyError, match="is not encrypted"):
            open_gallery(folder, key=KEY)
        # A key in the environment may be meant for another gallery.
        monkeypatch.setenv("MIEN_GALLERY_KEY", KEY.hex())
        open_gallery(folder).close()
        plain.rotate_key(KEY, reason="policy")
        assert left_of(person, folder) == []
        assert plain.search(probe, 9) == before
        assert plain.audit()[-1].action == "rotate key"
    with SqliteGallery(folder, key=KEY) as sealed:
        assert sealed.search(probe, 9) == before
        assert sealed.verify().problems == ()
        assert sealed.find(name=person.secrets[0].decode())[0].subject_id == person.subject_id


def test_rotation(gallery: SqliteGallery, folder: Path) -> None:
    person = enrolled(gallery, 5, np.random.default_rng(0))
    opted_out = enrolled(gallery, 1, np.random.default_rng(1))
    gallery.opt_out(gallery.subject(opted_out.subject_id))
    probe = templates(1, 32)
    before = gallery.search(probe, 5)
    gallery.rotate_key(OTHER)
    assert gallery.search(probe, 5) == before
    with pytest.raises(GalleryKeyError):
        open_gallery(folder, key=KEY)
    with SqliteGallery(folder, key=OTHER) as again:
        assert again.search(probe, 5) == before
        # Keyed hashes outlive the rotation: names are found, those who opted out are refused.
        assert again.find(name=person.secrets[0].decode())[0].subject_id == person.subject_id
        with again._database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM opt_outs").fetchone() == (3,)
        assert again.verify().problems == ()


def test_a_row_cannot_be_put_in_another_s_place(gallery: SqliteGallery) -> None:
    enrolled(gallery, 2, np.random.default_rng(0))
    with gallery._database.writing() as connection:
        connection.execute(
            "UPDATE vectors SET record = (SELECT record FROM vectors WHERE slot = 0) WHERE slot = 1"
        )
    with pytest.raises(GalleryKeyError, match="slot:1 cannot be decrypted"):
        gallery.search(templates(1, 32))
    assert not gallery.verify().sound
