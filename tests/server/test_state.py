"""What a server remembers lies in the gallery's database, and the gallery is none the worse."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mien.apps.server.failures import RateError, UnknownKeyError
from mien.apps.server.keys import Keys
from mien.apps.server.serve import keys_of, state_path
from mien.apps.server.state import State
from mien.errors import GalleryDamagedError, GalleryError, GalleryMismatchError
from mien.gallery import Subject, open_gallery
from mien.gallery.copies import restore
from mien.gallery.sqlite import SqliteGallery
from tests.gallery.synthetic import templates

#: As mien wrote it before galleries held the keys.
OLD = """
CREATE TABLE keys (
    key_id TEXT PRIMARY KEY, secret_sha256 BLOB NOT NULL, name TEXT NOT NULL,
    scopes TEXT NOT NULL, per_minute INTEGER NOT NULL, made_at REAL NOT NULL);
CREATE TABLE spent (
    key_id TEXT PRIMARY KEY REFERENCES keys ON DELETE CASCADE,
    minute INTEGER NOT NULL, n INTEGER NOT NULL);
"""


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    """A gallery with one person."""
    with open_gallery(tmp_path / "people") as made:
        made.enrol(templates(1, seed=1), Subject("Ada"))
    return tmp_path / "people"


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        found = {name for (name,) in rows}
    connection.close()
    return found


def old_file(path: Path) -> tuple[str, bytes]:
    """Write a file of the old layout with one key; returns the key and its stored hash."""
    keys = Keys(State(path.with_name("elsewhere.sqlite")))
    key = keys.create("gate", ["search"], per_minute=7)
    (made,) = keys.list()
    with keys._state.reading() as connection:
        row = connection.execute("SELECT * FROM server_keys").fetchone()
    keys.close()
    with sqlite3.connect(path) as connection:
        connection.executescript(OLD)
        connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.execute("INSERT INTO spent VALUES (?, 1, 3)", (made.key_id,))
    connection.close()
    return key, row[1]


def test_keys_lie_in_the_gallery_and_the_gallery_is_sound(gallery: Path) -> None:
    keys = keys_of(str(gallery), None)
    key = keys.create("gate", ["search"])
    assert keys.check(key).name == "gate"
    keys.spend(keys.check(key))
    keys.close()
    assert {"server_keys", "server_spent"} <= tables(gallery / "gallery.sqlite")
    assert sorted(path.name for path in gallery.iterdir()) == ["gallery.sqlite"]
    with SqliteGallery(gallery) as opened:
        assert opened.verify().sound
        opened.enrol(templates(1, seed=2), Subject("Bea"))
        opened.compact()
        assert opened.delete(subject_id=1).n_references == 1
        assert opened.count().subjects == 1
    assert keys.check(key).name == "gate"
    keys.close()


def test_a_gallery_without_such_tables_opens_as_ever(gallery: Path) -> None:
    before = (gallery / "gallery.sqlite").read_bytes()
    with open_gallery(gallery) as opened:
        assert opened.count().references == 1
    assert (gallery / "gallery.sqlite").read_bytes() == before


def test_an_old_file_is_taken_over_once(gallery: Path) -> None:
    key, secret = old_file(gallery / "server.sqlite")
    keys = keys_of(str(gallery), None)
    found = keys.check(key)
    assert (found.name, found.scopes, found.per_minute) == ("gate", ("search",), 7)
    assert (gallery / "server.moved").is_file()
    assert not (gallery / "server.sqlite").exists()
    keys.revoke(found.key_id)
    keys.close()
    again = keys_of(str(gallery), None)
    with pytest.raises(UnknownKeyError):
        again.check(key)
    again.close()
    assert secret not in (gallery / "gallery.sqlite").read_bytes()


def test_an_old_file_elsewhere_is_taken_over_in_place(tmp_path: Path) -> None:
    key, _ = old_file(tmp_path / "server.sqlite")
    keys = keys_of(None, tmp_path)
    assert keys.check(key).name == "gate"
    keys.close()
    assert tables(tmp_path / "server.sqlite") == {
        "server_keys",
        "server_spent",
        "server_layouts",
    }


def test_copies_of_a_gallery_have_no_keys(gallery: Path, tmp_path: Path) -> None:
    keys = keys_of(str(gallery), None)
    key = keys.create("gate", ["search"])
    with keys._state.reading() as connection:
        (secret,) = connection.execute("SELECT secret_sha256 FROM server_keys").fetchone()
    with open_gallery(gallery) as opened:
        opened.backup(tmp_path / "copy")
        # Deletions still reach it.
        assert opened.delete(subject_id=1).remaining_copies == ()
    data = b"".join(path.read_bytes() for path in (tmp_path / "copy").iterdir())
    assert secret not in data
    assert b"server_keys" not in data
    restore(tmp_path / "copy", tmp_path / "restored")
    other = keys_of(str(tmp_path / "restored"), None)
    with pytest.raises(UnknownKeyError):
        other.check(key)
    assert keys.check(key).name == "gate"
    keys.close()
    other.close()


COUNT = """
import sys
from pathlib import Path
from mien.apps.server.failures import RateError
from mien.apps.server.keys import Keys
from mien.apps.server.state import State
keys, n = Keys(State(Path(sys.argv[1]))), 0
keys._now = lambda: 1e9
key = keys.check(sys.argv[2])
for _ in range(60):
    try:
        keys.spend(key)
        n += 1
    except RateError:
        pass
print(n)
"""


def test_processes_share_a_limit(gallery: Path) -> None:
    keys = keys_of(str(gallery), None)
    key = keys.create("gate", ["search"], per_minute=50)
    keys.close()
    run = [sys.executable, "-c", COUNT, str(gallery / "gallery.sqlite"), key]
    with ThreadPoolExecutor(3) as pool:
        done = list(
            pool.map(lambda _: subprocess.run(run, capture_output=True, check=True), range(3))
        )
    assert sum(int(process.stdout) for process in done) == 50


def test_nobody_waits_for_a_gallery_that_is_being_written(gallery: Path) -> None:
    keys = keys_of(str(gallery), None)
    keys._now = lambda: now
    now = 6e8
    key = keys.check(keys.create("gate", ["search"], per_minute=10))
    for _ in range(2):
        keys.spend(key)
    with SqliteGallery(gallery) as opened, opened._database.writing():
        # Counted in memory meanwhile, on top of what is known; the limit holds.
        for _ in range(8):
            keys.spend(key)
        with pytest.raises(RateError, match="10 requests a minute"):
            keys.spend(key)
    now += 5
    with pytest.raises(RateError):
        keys.spend(key)
    with keys._state.reading() as connection:
        assert connection.execute("SELECT n FROM server_spent").fetchone() == (12,)
    now += 60
    keys.spend(key)
    keys.close()


def test_a_gallery_that_goes_and_returns(gallery: Path, tmp_path: Path) -> None:
    keys = keys_of(str(gallery), None)
    key = keys.create("gate", ["search"])
    gallery.rename(tmp_path / "away")
    with pytest.raises(GalleryError, match="not there at the moment"):
        keys.check(key)
    assert not gallery.exists()
    (tmp_path / "away").rename(gallery)
    assert keys.check(key).name == "gate"
    keys.close()


def test_files_that_are_none(gallery: Path, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "gallery.sqlite") as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(GalleryDamagedError, match="not one of mien"):
        Keys(State(tmp_path / "gallery.sqlite")).list()
    (tmp_path / "server.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(GalleryError, match="not a database"):
        Keys(State(tmp_path / "server.sqlite")).list()
    keys = keys_of(str(gallery), None)
    keys.create("gate", ["search"])
    with keys._state.writing() as connection:
        connection.execute("UPDATE server_layouts SET version = 9")
    keys.close()
    with pytest.raises(GalleryMismatchError, match="layout 9"):
        keys.list()


def test_where_the_state_is(gallery: Path, tmp_path: Path) -> None:
    assert state_path(str(gallery), None) == gallery / "gallery.sqlite"
    assert state_path(str(gallery), tmp_path) == tmp_path / "server.sqlite"
    assert state_path("milvus://h/people", tmp_path) == tmp_path / "server.sqlite"
    assert state_path(None, None).name == "server.sqlite"
