"""After delete has returned, no byte of a vector, name or source is left in any file."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from mien.gallery import Consent, Origin, Subject
from mien.gallery.sqlite import SqliteGallery
from mien.types import Templates
from tests.gallery.synthetic import MODEL

#: Long enough that it stands in a file by chance never.
_PIECE = 12


def everything_in(folder: Path) -> bytes:
    """All bytes of all files below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return b"\n".join(path.read_bytes() for path in files)


@dataclass
class Person:
    """Someone enrolled, with every byte string that must vanish."""

    subject_id: int
    reference_ids: list[int]
    secrets: list[bytes]


def pieces(vector: np.ndarray) -> list[bytes]:
    """Return byte strings from all over a vector."""
    data = vector.astype("<f4").tobytes()
    return [data[i : i + _PIECE] for i in range(0, len(data) - _PIECE + 1, 20)]


def enrolled(gallery: SqliteGallery, n: int, rng: np.random.Generator) -> Person:
    """Enrol a person with unique name, id, sources and vectors."""
    length = int(rng.integers(4, 60))
    name, external_id = secrets.token_hex(length), secrets.token_hex(8)
    sources = [secrets.token_hex(int(rng.integers(5, 90))) for _ in range(n)]
    contents = [secrets.token_hex(32) for _ in range(n)]
    made = Templates.from_raw(rng.standard_normal((n, 32)).astype(np.float32), MODEL)
    where = [Origin(source, content) for source, content in zip(sources, contents, strict=True)]
    consent = Consent("test", datetime.now(UTC), datetime.now(UTC) + timedelta(days=9))
    person = Subject(name, external_id, consent)
    enrolment = gallery.enrol(made, person, origins=where)
    texts = [name, external_id, *sources, *contents]
    hidden = [text.encode() for text in texts] + [bytes.fromhex(text) for text in contents]
    hidden += [piece for vector in made.vectors for piece in pieces(vector)]
    return Person(enrolment.subject_ids[0], list(enrolment.reference_ids), hidden)


def left_of(person: Person, folder: Path) -> list[bytes]:
    """Return what can still be read of a person."""
    data = everything_in(folder)
    return [secret for secret in person.secrets if secret in data]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "people"
    path.mkdir()
    return path


@pytest.fixture
def gallery(folder: Path) -> Iterator[SqliteGallery]:
    with SqliteGallery(folder) as opened:
        yield opened


def test_the_search_for_bytes_can_find_them(gallery: SqliteGallery, folder: Path) -> None:
    person = enrolled(gallery, 3, np.random.default_rng(0))
    assert (folder / "gallery.sqlite-wal").stat().st_size > 0
    raw = {secret for secret in person.secrets if secret not in left_of(person, folder)}
    # Hashes are stored as text, hence not as raw bytes.
    assert all(len(secret) == 32 for secret in raw)
    assert len(raw) == 3


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_left_whatever_happened_before(
    gallery: SqliteGallery, folder: Path, seed: int
) -> None:
    rng, choice = np.random.default_rng(seed), random.Random(seed)
    people: list[Person] = []
    # A second user, with an index of its own, keeps the write-ahead log alive.
    with SqliteGallery(folder) as other:
        for step in range(120):
            if step % 2 == 0 or not people:
                people.append(enrolled(gallery, choice.randint(1, 12), rng))
                continue
            person = people.pop(choice.randrange(len(people)))
            if choice.random() < 0.3:
                renamed = secrets.token_hex(choice.randint(4, 60))
                gallery.amend(person.subject_id, name=renamed)
                assert person.secrets[0] not in everything_in(folder)
                person.secrets[0] = renamed.encode()
            if choice.random() < 0.3:
                other.search(gallery.templates(person.reference_ids[:1]), 3)
            how = choice.choice(["subject", "references", "opt out", "other"])
            if how == "references":
                for reference_id in person.reference_ids:
                    gallery.delete(reference_id=reference_id)
                gallery.delete(subject_id=person.subject_id)
            elif how == "opt out":
                gallery.opt_out(Subject(subject_id=person.subject_id))
            else:
                chosen = gallery if how == "subject" else other
                chosen.delete(subject_id=person.subject_id)
            assert left_of(person, folder) == []
        assert gallery.verify().problems == ()
        gallery.compact()
        assert gallery.verify().problems == ()
        assert all(set(left_of(person, folder)) for person in people)


def test_expiry_erases_bytes(gallery: SqliteGallery, folder: Path) -> None:
    person = enrolled(gallery, 2, np.random.default_rng(0))
    later = datetime.now(UTC) + timedelta(days=10)
    assert gallery.expire(now=later).n_subjects == 1
    assert left_of(person, folder) == []


def test_an_erased_slot_is_used_again(gallery: SqliteGallery, folder: Path) -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        person = enrolled(gallery, 5, rng)
        gallery.delete(subject_id=person.subject_id)
    with gallery._database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (5,)
    gallery.compact()
    with gallery._database.reading() as connection:
        for table in ("vectors", "cells", "free_slots", "free_cells"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_deletion_reaches_backups_and_names_other_copies(
    gallery: SqliteGallery, folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow")
    rng = np.random.default_rng(0)
    gone, kept = enrolled(gallery, 2, rng), enrolled(gallery, 2, rng)
    gallery.backup(tmp_path / "backup")
    gallery.backup(tmp_path / "lost")
    gallery.export(tmp_path / "people.parquet")
    os.rename(tmp_path / "lost", tmp_path / "moved")
    erased = gallery.delete(subject_id=gone.subject_id)
    assert {(copy.kind, Path(copy.path).name) for copy in erased.remaining_copies} == {
        ("backup", "lost"),
        ("export", "people.parquet"),
    }
    assert left_of(gone, folder) == left_of(gone, tmp_path / "backup") == []
    assert left_of(gone, tmp_path / "moved") != []
    assert left_of(kept, tmp_path / "backup") != []
    with SqliteGallery(tmp_path / "backup") as copy:
        assert copy.count().subjects == 1
        assert copy.verify().problems == ()


def test_a_backup_of_another_gallery_is_left_alone(gallery: SqliteGallery, tmp_path: Path) -> None:
    person = enrolled(gallery, 1, np.random.default_rng(0))
    gallery.backup(tmp_path / "backup")
    os.rename(tmp_path / "backup", tmp_path / "moved")
    (tmp_path / "backup").mkdir()
    with SqliteGallery(tmp_path / "backup") as stranger:
        enrolled(stranger, 1, np.random.default_rng(1))
        erased = gallery.delete(subject_id=person.subject_id)
        assert [copy.kind for copy in erased.remaining_copies] == ["backup"]
        assert stranger.count().subjects == 1
