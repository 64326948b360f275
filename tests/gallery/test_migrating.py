"""A gallery changes its model: all at once, with nothing of the old vectors left."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mien.errors import GalleryDamagedError, GalleryError, GalleryMismatchError
from mien.gallery import Subject, open_gallery
from mien.gallery.sqlite import SqliteGallery
from mien.types import Templates
from tests.conftest import REPOSITORY
from tests.gallery.conftest import KEY
from tests.gallery.other_process import Other
from tests.gallery.synthetic import origins, templates
from tests.gallery.test_crash import no_larger_file_than
from tests.gallery.test_erasure import enrolled, everything_in, left_of, pieces

NEW = "next@89abcdef"
N_KILLS = int(os.environ.get("MIEN_TEST_KILLS", "5"))


def renewed(numbers: list[int], dimension: int = 24) -> Templates:
    """The templates of another model, a function of the reference's number."""
    raw = [np.random.default_rng(number).standard_normal(dimension) for number in numbers]
    return Templates.from_raw(np.array(raw, np.float32), NEW)


def gather(gallery: SqliteGallery, *, at_once: int = 16) -> None:
    """Stage everything that waits."""
    work = gallery.migration(NEW)
    while waiting := [r.reference_id for r in work.waiting(at_once)]:
        work.stage(waiting, renewed(waiting))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "people"
    path.mkdir()
    return path


def filled(folder: Path, n: int = 60, **options: object) -> SqliteGallery:
    gallery = SqliteGallery(folder, **options)
    people = [Subject(f"p{i % 7}", f"id{i % 7}") for i in range(n)]
    gallery.enrol(templates(n, quality=True), people, origins=origins(n))
    return gallery


@pytest.mark.parametrize("options", [{}, {"key": KEY}], ids=["plain", "encrypted"])
def test_the_old_model_serves_until_the_swap_and_the_new_one_after(
    folder: Path, options: dict[str, object]
) -> None:
    if options:
        pytest.importorskip("cryptography")
    with filled(folder, **options) as gallery:
        before = gallery.search(templates(2, seed=9), 60)
        old = [pieces(v) for v in gallery.templates(range(1, 61)).vectors]
        references, subjects = list(gallery.iterate()), list(gallery.subjects())
        work = gallery.migration(NEW)
        assert work.begin(reason="better")
        gather(gallery)
        assert work.progress() == (60, 60)
        assert gallery.search(templates(2, seed=9), 60) == before
        done = work.swap(reason="better")
        gallery.clear_residue()
        assert (done.n_references, done.n_dropped, done.old_model_id) == (60, 0, "test@0123abcd")
        assert (gallery.model_id, gallery.dimension) == (NEW, 24)
        stored = gallery.templates([r.reference_id for r in references])
        assert np.array_equal(stored.vectors, renewed(list(range(1, 61))).vectors)
        assert (list(gallery.iterate()), list(gallery.subjects())) == (references, subjects)
        assert gallery.search(renewed([5]), 1)[0][0].reference_id == 5
        with pytest.raises(GalleryMismatchError, match="embed with the gallery's model"):
            gallery.search(templates(1), 3)
        assert [entry.action for entry in gallery.audit()][1:] == [
            f"begin migration to {NEW}",
            f"migrate to {NEW}",
        ]
        assert gallery.verify().problems == ()
        data = everything_in(folder)
        assert not [piece for row in old for piece in row if piece in data]
        if not options:
            assert all(pieces(vector)[0] in data for vector in stored.vectors)
        gallery.enrol(renewed([700]), Subject("late"))
        assert gallery.search(renewed([700]), 1)[0][0].score == pytest.approx(1)
        assert not gallery.migration(NEW).begin()


def test_old_vectors_are_gone_also_when_others_have_it_open(folder: Path) -> None:
    with filled(folder) as gallery, SqliteGallery(folder) as other:
        other.search(templates(1), 5)
        old = [piece for v in gallery.templates(range(1, 61)).vectors for piece in pieces(v)]
        gallery.migration(NEW).begin()
        gather(gallery)
        gallery.migration(NEW).swap()
        gallery.clear_residue()
        data = everything_in(folder)
        assert not [piece for piece in old if piece in data]
        # An index of the old model is thrown away, whatever its dimension.
        assert other.search(renewed([7]), 1)[0][0].reference_id == 7
        with pytest.raises(GalleryMismatchError):
            other.search(templates(1), 5)


def test_another_process_notices(folder: Path) -> None:
    with filled(folder) as gallery, Other(folder) as other:
        assert len(other.ask("search", 3)) == 60
        gallery.migration(NEW).begin()
        gather(gallery)
        assert len(other.ask("search", 3)) == 60
        late = other.ask("enrol", 555, "late")
        assert gallery.migration(NEW).swap() is None
        gather(gallery)
        assert other.ask("delete", gallery.get(1).subject_id)
        assert gallery.migration(NEW).swap().n_references == 61 - 9
        gallery.clear_residue()
        assert gallery.search(renewed([late]), 1)[0][0].reference_id == late
        assert gallery.verify().problems == ()


def test_back_to_the_first_model_and_an_index_that_slept(folder: Path) -> None:
    with filled(folder) as gallery, SqliteGallery(folder) as sleeper:
        sleeper.search(templates(1), 5)
        first = gallery.templates(range(1, 61))
        gallery.migration(NEW).begin()
        gather(gallery)
        gallery.migration(NEW).swap()
        back = gallery.migration(first.model_id)
        back.begin()
        back.stage(range(60, 0, -1), first[np.arange(59, -1, -1)])
        back.swap()
        probe = templates(2, seed=4)
        assert sleeper.search(probe, 60) == gallery.search(probe, 60)
        assert sleeper.search(first[[30]], 1)[0][0].reference_id == 31


def test_what_is_erased_meanwhile_is_erased_in_both(folder: Path) -> None:
    with SqliteGallery(folder) as gallery:
        people = [enrolled(gallery, 4, np.random.default_rng(seed)) for seed in range(4)]
        work = gallery.migration(NEW)
        work.begin()
        gather(gallery, at_once=6)
        gone = people[1]
        new = [piece for v in renewed(gone.reference_ids).vectors for piece in pieces(v)]
        assert all(piece in everything_in(folder) for piece in new)
        gallery.delete(subject_id=gone.subject_id)
        data = everything_in(folder)
        assert not [piece for piece in new if piece in data]
        assert left_of(gone, folder) == []
        gallery.delete(reference_id=people[2].reference_ids[0])
        assert work.swap().n_references == 11
        gallery.clear_residue()
        assert gallery.verify().problems == ()
        # The places of erased templates are used again.
        gallery.enrol(renewed([91, 92]), Subject("new"))
        with gallery._database.reading() as connection:
            assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (16,)
        assert gallery.verify().problems == ()


def test_missing_ones_keep_the_old_model_until_they_are_dropped(folder: Path) -> None:
    with filled(folder) as gallery:
        work = gallery.migration(NEW)
        work.begin()
        work.miss([(3, "the picture is not there"), (4, "the picture has changed")])
        gather(gallery)
        assert [(r.reference_id, why) for r, why in work.missing()] == [
            (3, "the picture is not there"),
            (4, "the picture has changed"),
        ]
        with pytest.raises(GalleryError, match="2 references have no template"):
            work.swap()
        assert gallery.model_id == "test@0123abcd"
        assert work.begin()
        assert [r.reference_id for r in work.waiting(9)] == [3, 4]
        work.stage([3], renewed([3]))
        work.miss([(4, "the picture has changed")])
        assert work.swap(drop_missing=True).n_dropped == 1
        assert gallery.count().references == 59
        assert gallery.audit()[-1].action == "drop what could not be migrated"
        assert gallery.verify().problems == ()


def test_giving_up_erases_what_was_made(folder: Path) -> None:
    with filled(folder) as gallery:
        work = gallery.migration(NEW)
        work.begin()
        gather(gallery)
        new = [piece for v in renewed(list(range(1, 61))).vectors for piece in pieces(v)]
        with pytest.raises(GalleryError, match=r"to next@89abcdef is under way"):
            gallery.migration("third@00000000").begin()
        assert gallery.abandon_migration()
        assert not gallery.abandon_migration()
        data = everything_in(folder)
        assert not [piece for piece in new if piece in data]
        with pytest.raises(GalleryError, match="given up by another process"):
            work.swap()
        assert gallery.search(templates(1), 3)
        assert gallery.migration("third@00000000").begin()


def test_templates_that_do_not_fit(folder: Path) -> None:
    with filled(folder, 5) as gallery:
        work = gallery.migration(NEW)
        work.begin()
        with pytest.raises(GalleryMismatchError, match="gathers templates of next"):
            work.stage([1], templates(1))
        work.stage([1, 1, 99], renewed([1, 1, 99]))
        with pytest.raises(GalleryMismatchError, match="of 24 numbers, got 12"):
            work.stage([2], renewed([2], 12))
        work.stage([1, 2], renewed([8, 2]))
        assert work.progress() == (2, 5)
        gather(gallery)
        work.swap()
        assert np.array_equal(gallery.templates([1]).vectors, renewed([1]).vectors)


def test_a_key_may_be_rotated_while_it_migrates(folder: Path) -> None:
    pytest.importorskip("cryptography")
    with filled(folder) as gallery:
        gallery.migration(NEW).begin()
        work = gallery.migration(NEW)
        work.stage(range(1, 31), renewed(list(range(1, 31))))
        gallery.delete(subject_id=2)
        gallery.rotate_key(KEY)
        gather(gallery)
        n = gallery.count().references
        assert gallery.migration(NEW).swap().n_references == n
        gallery.clear_residue()
        assert gallery.verify().problems == ()
        assert gallery.search(renewed([1]), 1)[0][0].reference_id == 1


def test_everything_erased_unpins(folder: Path) -> None:
    with filled(folder, 1) as gallery:
        gallery.migration(NEW).begin()
        gallery.delete(subject_id=1)
        assert gallery.migration(NEW).swap().n_references == 0
        assert gallery.model_id is None
        gallery.enrol(renewed([1]), Subject("first"))
        assert gallery.model_id == NEW


def test_a_full_disk_keeps_the_old_model(folder: Path) -> None:
    with filled(folder) as gallery:
        before = gallery.search(templates(1, seed=2), 60)
        gallery.migration(NEW).begin()
        size = (folder / "gallery.sqlite").stat().st_size
        with (
            no_larger_file_than(size + 200_000),
            pytest.raises(GalleryError, match="is the disk full"),
        ):
            gallery.migration(NEW).stage(range(1, 61), renewed(list(range(1, 61)), 4096))
        assert gallery.search(templates(1, seed=2), 60) == before
        assert gallery.verify().problems == ()
        gather(gallery)
        gallery.migration(NEW).swap()
        gallery.clear_residue()
        assert gallery.search(renewed([9]), 1)[0][0].reference_id == 9


def test_a_full_disk_at_the_swap_keeps_the_old_model(folder: Path) -> None:
    with filled(folder, 2000) as gallery:
        before = gallery.search(templates(1, seed=2), 60)
        gallery.migration(NEW).begin()
        gather(gallery, at_once=500)
        gallery._database.forget_log()
        with no_larger_file_than(100_000), pytest.raises(GalleryError, match="is the disk full"):
            gallery.migration(NEW).swap()
        assert gallery.search(templates(1, seed=2), 60) == before
        assert gallery.verify().problems == ()
        gallery.migration(NEW).swap()
        gallery.clear_residue()
        assert gallery.search(renewed([9]), 1)[0][0].reference_id == 9


_MIGRATING = """
import sys, time
from mien.gallery.sqlite import SqliteGallery
from tests.gallery.test_migrating import NEW, renewed
with SqliteGallery(sys.argv[1]) as gallery:
    work = gallery.migration(NEW)
    print("begun", flush=True)
    if work.begin():
        while waiting := [r.reference_id for r in work.waiting(4)]:
            time.sleep(0.002)
            work.stage(waiting, renewed(waiting))
            print(waiting[-1], flush=True)
        work.swap()
        print("swapped", flush=True)
    gallery.clear_residue()
    print("finished", flush=True)
"""


def test_killed_at_random_moments_then_resumed(folder: Path) -> None:
    choice = random.Random(0)
    n = 400
    with filled(folder, n) as gallery:
        old = [p for v in gallery.templates(range(1, n + 1)).vectors for p in pieces(v)]
    lines: list[str] = []
    for attempt in range(N_KILLS + 1):
        process = subprocess.Popen(
            [sys.executable, "-c", _MIGRATING, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )
        last = attempt == N_KILLS
        # The last kill comes just after the swap, while old bytes are still being removed.
        wanted = "finished" if last else "swapped" if attempt == N_KILLS - 1 else None
        steps = choice.randrange(1, 2 * n // 4 // max(N_KILLS, 1))
        lines = []
        for line in process.stdout:
            lines.append(line.strip())
            if lines[-1] == wanted or (wanted is None and len(lines) > steps):
                break
        if not last:
            time.sleep(choice.uniform(0, 0.01))
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with SqliteGallery(folder) as gallery:
            assert gallery.verify().problems == ()
            assert gallery.count().references == n
            served = renewed([11]) if gallery.model_id == NEW else templates(n, quality=True)[[10]]
            assert gallery.search(served, 1)[0][0].reference_id == 11
    assert lines[-1] == "finished"
    data = everything_in(folder)
    assert not [piece for piece in old if piece in data]
    with SqliteGallery(folder) as gallery:
        stored = gallery.templates(range(1, n + 1))
        assert np.array_equal(stored.vectors, renewed(list(range(1, n + 1))).vectors)


def test_a_gallery_of_the_first_layout_is_brought_up(folder: Path) -> None:
    with filled(folder) as gallery, gallery._database.writing() as connection:
        tables = ("edit_subjects", "edits", "crops", "staged_refs", "staged")
        for table in tables:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA user_version = 1")
    with open_gallery(folder) as gallery:
        assert gallery.count().references == 60
        assert gallery.verify().problems == ()
        assert gallery.migration(NEW).begin()


def test_damage_is_found_in_a_crop(folder: Path) -> None:
    pytest.importorskip("cryptography")
    from dataclasses import replace

    with SqliteGallery(folder, key=KEY) as gallery:
        where = [replace(origin, crop=bytes([i] * 5000)) for i, origin in enumerate(origins(3), 1)]
        gallery.enrol(templates(3), Subject("Ada"), origins=where)
        assert gallery.crop(2) == bytes([2] * 5000)
        with gallery._database.writing() as connection:
            connection.execute(
                "UPDATE cells SET data = zeroblob(length(data)) WHERE cell IN"
                " (SELECT cell FROM crops WHERE reference_id = 2)"
            )
        assert not gallery.verify().sound
        with pytest.raises(GalleryError):
            gallery.crop(2)
        assert issubclass(GalleryDamagedError, GalleryError)
