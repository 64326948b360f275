"""An index reads its store: all of it once, then the changes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from mien.errors import GalleryDamagedError
from mien.gallery import Gallery, Subject
from mien.gallery.database import FILE_NAME
from tests.gallery.conftest import Opener
from tests.gallery.synthetic import origins, templates


def test_many_probes_are_answered_as_one_by_one(reopen: Opener) -> None:
    probes = templates(600, seed=1)
    with reopen() as gallery:
        gallery.enrol(templates(700), Subject("all"), origins=origins(700))
        together = gallery.search(probes, 5)
        for row in (0, 255, 256, 599):
            assert gallery.search(probes[row : row + 1], 5) == [together[row]]


def test_a_first_reading_finds_what_following_the_changes_found(reopen: Opener) -> None:
    probes = templates(5, seed=1)
    with reopen() as gallery:
        gallery.search(probes, 5)
        for start in (0, 600, 1200):
            people = [Subject(f"person {row // 3}") for row in range(start, start + 600)]
            part = templates(600, seed=start + 2)
            gallery.enrol(part, people, origins=origins(600, start=start))
            gallery.search(probes, 5)
            gallery.delete(subject_id=start // 3 + 1)
        followed = gallery.search(probes, 5)
    with reopen() as gallery:
        assert gallery.search(probes, 5) == followed


def test_a_store_without_one_of_its_vectors_is_not_searched(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "people") as gallery:
        gallery.enrol(templates(20), Subject("all"), origins=origins(20))
    connection = sqlite3.connect(tmp_path / "people" / FILE_NAME)
    connection.execute("DELETE FROM vectors WHERE slot = 7")
    connection.commit()
    connection.close()
    with (
        Gallery.open(tmp_path / "people") as gallery,
        pytest.raises(GalleryDamagedError, match="1 of 20 vectors are missing"),
    ):
        gallery.search(templates(1, seed=1), 3)


def test_an_index_of_one_row(reopen: Opener) -> None:
    with reopen() as gallery:
        gallery.enrol(templates(1), Subject("one"), origins=origins(1))
        ((candidate,),) = gallery.search(templates(1), 5)
        assert candidate.score == pytest.approx(1)
