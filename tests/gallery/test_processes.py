"""Several processes on one gallery: what one does, the others see; one writes at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mien.errors import GalleryBusyError, GalleryError
from mien.gallery import Subject
from mien.gallery.database import Database
from mien.gallery.sqlite import SqliteGallery
from tests.gallery.other_process import Other
from tests.gallery.synthetic import origins, templates
from tests.gallery.test_erasure import everything_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "people"


@pytest.fixture
def gallery(folder: Path) -> SqliteGallery:
    folder.mkdir()
    with SqliteGallery(folder, wait_s=0.3) as opened:
        people = [Subject(str(i % 5)) for i in range(20)]
        opened.enrol(templates(20), people, origins=origins(20))
        yield opened


def test_a_deletion_is_seen_at_once_in_both_directions(
    gallery: SqliteGallery, folder: Path
) -> None:
    probe = templates(1, seed=7)
    with Other(folder) as other:
        assert len(other.ask("search", 7)) == len(gallery.search(probe, 100)[0]) == 20
        for subject_id in range(1, 5):
            if subject_id % 2:
                gone = {r.reference_id for r in gallery.iterate(subject_id=subject_id)}
                gallery.delete(subject_id=subject_id)
                assert not gone & set(other.ask("search", 7))
            else:
                assert other.ask("delete", subject_id) == 4
                found = gallery.search(probe, 100)[0]
                assert subject_id not in {candidate.subject_id for candidate in found}
        assert len(other.ask("search", 7)) == 4


def test_an_enrolment_is_seen_at_once_in_both_directions(
    gallery: SqliteGallery, folder: Path
) -> None:
    with Other(folder) as other:
        other.ask("search", 0)
        for seed in range(100, 105):
            reference = other.ask("enrol", seed, "someone")
            assert gallery.search(templates(1, seed=seed), 1)[0][0].reference_id == reference
            mine = gallery.enrol(templates(1, seed=seed + 50), Subject("me")).reference_ids[0]
            assert other.ask("search", seed + 50)[0] == mine


def test_one_writer_at_a_time_and_readers_are_not_held_up(
    gallery: SqliteGallery, folder: Path
) -> None:
    with Other(folder) as other:
        assert other.ask("write", 1.0) == "holding"
        assert len(gallery.search(templates(1), 100)[0]) == 20
        with pytest.raises(GalleryBusyError, match=r"writing for more than 0\.3 s"):
            gallery.enrol(templates(1, seed=9), Subject("late"))
        with SqliteGallery(folder, wait_s=20) as patient:
            assert patient.enrol(templates(1, seed=9), Subject("late")).number("enrolled") == 1
        assert other.answer() == "released"
    assert gallery.count().references == 21


def test_a_deletion_that_a_reader_keeps_from_finishing_says_so(
    gallery: SqliteGallery, folder: Path
) -> None:
    vector = gallery.templates([1]).vectors[0].tobytes()
    with Other(folder) as other:
        assert other.ask("read", 1.0) == "holding"
        with pytest.raises(GalleryBusyError, match="bytes are still in its write-ahead log"):
            gallery.delete(subject_id=1)
        assert 1 not in {c.subject_id for c in gallery.search(templates(1), 100)[0]}
        assert other.answer() == "released"
        gallery.compact()
        assert vector not in everything_in(folder)


def test_two_may_empty_the_log_at_once(gallery: SqliteGallery, folder: Path) -> None:
    # SQLite answers the second at once that the log is busy, and does not wait for the first, which
    # waits for the writer.
    with ThreadPoolExecutor(2) as pool:
        first, second = (Database(folder, wait_s=10) for _ in range(2))
        with Other(folder) as other:
            assert other.ask("write", 0.5) == "holding"
            both = [pool.submit(database.forget_log) for database in (first, second)]
            for done in both:
                done.result()
            assert other.answer() == "released"
        first.close()
        second.close()
    assert (folder / "gallery.sqlite-wal").stat().st_size == 0


def test_two_processes_may_make_the_same_gallery(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    with Other(folder) as first, Other(folder) as second:
        first.start("enrol", 1, "Ada")
        second.start("enrol", 2, "Ada")
        assert {first.answer(), second.answer()} == {1, 2}
        assert len(first.ask("search", 1)) == 2


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_must_open_it_again(gallery: SqliteGallery) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            gallery.count()
        except GalleryError as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert b"open it again here" in os.read(reader, 1000)
    os.close(reader)
    os.close(writer)


def test_opening_twice_in_a_process_keeps_the_log_from_others(
    gallery: SqliteGallery, folder: Path
) -> None:
    with SqliteGallery(folder, wait_s=0.3) as again:
        # Who closes last empties and removes the write-ahead log: the other is not the last one.
        again.enrol(templates(1, seed=50), Subject("before"))
        run = [sys.executable, "-c", f"import mien; mien.Gallery.open({str(folder)!r}).close()"]
        subprocess.run(run, check=True)
        gallery.enrol(templates(1, seed=51), Subject("after"))
        assert (folder / "gallery.sqlite-wal").is_file()
        with Other(folder) as other:
            assert len(other.ask("search", 7)) == 22
