"""Killed, out of disk, damaged: nothing is lost or doubled, and errors are plain."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mien.errors import GalleryDamagedError, GalleryError, GalleryMismatchError
from mien.gallery import Subject, open_gallery
from mien.gallery.sqlite import SqliteGallery
from tests.gallery.other_process import Other, enrol_files
from tests.gallery.synthetic import origins, templates

N_FILES = 150
#: Random moments at which the process is killed; 50 show it thoroughly.
N_KILLS = int(os.environ.get("MIEN_TEST_KILLS", "5"))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(N_FILES):
        (folder / f"{number:03}.jpg").write_text(str(number))
    return folder


def contents(folder: Path) -> list[tuple[object, ...]]:
    """Everything that a gallery holds but ids and times."""
    with SqliteGallery(folder) as gallery:
        assert gallery.verify().problems == ()
        references = list(gallery.iterate())
        vectors = gallery.templates([r.reference_id for r in references]).vectors
        return sorted(
            (r.source, r.content_sha256, r.box, gallery.subject(r.subject_id).name, v.tobytes())
            for r, v in zip(references, vectors, strict=True)
        )


def test_killed_at_random_moments_then_resumed(files: Path, tmp_path: Path) -> None:
    choice = random.Random(0)
    killed = tmp_path / "killed"
    killed.mkdir()
    n_enrolled = 0
    for _ in range(N_KILLS):
        with Other(killed) as other:
            other.start("enrol files", str(files))
            # Those that are enrolled are passed over at once; then some way into the others.
            for _ in range(n_enrolled + choice.randrange(2 * N_FILES // N_KILLS)):
                if other.answer() == "finished":
                    break
            time.sleep(choice.uniform(0, 0.02))
            os.kill(other.process.pid, signal.SIGKILL)
            other.process.wait()
        before, n_enrolled = n_enrolled, len(contents(killed))
        assert before <= n_enrolled <= N_FILES
    assert n_enrolled
    with Other(killed) as other:
        other.start("enrol files", str(files))
        while other.answer() != "finished":
            pass
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    with SqliteGallery(undisturbed) as gallery:
        progress = enrol_files(gallery, sorted(files.iterdir()))
    assert (progress.n_pictures, progress.n_enrolled, progress.left) == (N_FILES, N_FILES, [])
    assert contents(killed) == contents(undisturbed)


def test_a_second_run_finds_everything_done(files: Path, tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    with SqliteGallery(folder) as gallery:
        enrol_files(gallery, sorted(files.iterdir()))
        again = enrol_files(gallery, sorted(files.iterdir()))
        assert (again.n_enrolled, again.n_already) == (0, N_FILES)
        assert gallery.count().references == N_FILES


@contextmanager
def no_larger_file_than(n_bytes: int) -> Iterator[None]:
    """Let writes beyond a size fail, as on a full disk."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "people"
    with open_gallery(folder) as gallery:
        gallery.enrol(templates(50), [Subject(str(i)) for i in range(50)], origins=origins(50))
        before = gallery.search(templates(3, seed=2), 50)
        many = templates(20_000, seed=1)
        with (
            no_larger_file_than(1_000_000),
            pytest.raises(GalleryError, match=r"is the disk full\? Nothing that was enrolled"),
        ):
            gallery.enrol(many, Subject("crowd"), origins=origins(20_000, start=100))
        assert gallery.count().references == 50
        assert gallery.search(templates(3, seed=2), 50) == before
        assert gallery.verify().problems == ()
        gallery.enrol(templates(1, seed=3), Subject("late"))
    with open_gallery(folder) as gallery:
        assert gallery.count().references == 51
        assert gallery.verify().problems == ()


def damaged(folder: Path, start: int, data: bytes) -> None:
    with (folder / "gallery.sqlite").open("r+b") as file:
        file.seek(start)
        file.write(data)


def a_gallery(folder: Path, n: int = 400) -> Path:
    with open_gallery(folder) as gallery:
        gallery.enrol(templates(n, 64), Subject("Ada"), origins=origins(n))
    return folder


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    folder = a_gallery(tmp_path / "people", 3)
    damaged(folder, 0, b"something else altogether")
    with pytest.raises(GalleryDamagedError, match="mien gallery restore"):
        open_gallery(folder)


def test_a_database_of_somebody_else(tmp_path: Path) -> None:
    import sqlite3

    folder = tmp_path / "people"
    folder.mkdir()
    connection = sqlite3.connect(folder / "gallery.sqlite")
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    with pytest.raises(GalleryDamagedError, match="not one of mien"):
        open_gallery(folder)


def test_pages_full_of_rubbish(tmp_path: Path) -> None:
    folder = a_gallery(tmp_path / "people")
    size = (folder / "gallery.sqlite").stat().st_size
    damaged(folder, size // 4, os.urandom(size // 2))
    with open_gallery(folder) as gallery:
        assert not gallery.verify().sound
        with pytest.raises(GalleryDamagedError):
            gallery.search(templates(1, 64))


def test_a_layout_of_another_version(tmp_path: Path) -> None:
    folder = a_gallery(tmp_path / "people", 3)
    with SqliteGallery(folder) as gallery, gallery._database.writing() as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(GalleryMismatchError, match="layout 99"):
        open_gallery(folder)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("UPDATE vectors SET record = zeroblob(length(record)) WHERE slot = 3", "do not belong"),
        ("UPDATE vectors SET record = substr(record, 9) WHERE slot = 3", "not of 64 numbers"),
        (
            "UPDATE vectors SET record ="
            " CAST(substr(record, 1, 24) || zeroblob(length(record) - 24) AS BLOB) WHERE slot = 3",
            "vector 3: is not of unit length",
        ),
        ("UPDATE cells SET data = zeroblob(length(data)) WHERE cell = 3", "cell 3 cannot be read"),
        ("DELETE FROM cells WHERE cell = 3", "text 3 is missing"),
        ("DELETE FROM refs WHERE reference_id = 3", "do not belong"),
    ],
)
def test_verify_finds_what_is_wrong(tmp_path: Path, harm: str, said: str) -> None:
    with SqliteGallery(a_gallery(tmp_path / "people", 9)) as gallery:
        assert gallery.verify().sound
        with gallery._database.writing() as connection:
            connection.execute(harm)
        found = gallery.verify()
        assert not found.sound
        assert any(said in problem for problem in found.problems), found.problems


def test_the_audit_log_cannot_be_changed(tmp_path: Path) -> None:
    with SqliteGallery(a_gallery(tmp_path / "people", 3)) as gallery:
        for harm in ("UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"):
            with (
                pytest.raises(GalleryError, match="append-only"),
                gallery._database.writing() as connection,
            ):
                connection.execute(harm)
        gallery.delete(subject_id=1, actor="Zoë", reason="asked by letter")
        log = gallery.audit()
        assert [entry.action for entry in log] == ["enrol", "delete subject"]
        assert (log[1].actor, log[1].reason, log[1].subject_id, log[1].n) == (
            "Zoë",
            "asked by letter",
            1,
            3,
        )
        assert log[0].at <= log[1].at
