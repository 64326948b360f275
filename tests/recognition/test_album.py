"""Groups kept in a gallery: edits and undo survive, and the erased leave nothing."""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from mien.errors import GalleryConflictError, GalleryNotFoundError, InputError
from mien.gallery import Consent, Origin, Subject
from mien.gallery.sqlite import SqliteGallery
from mien.recognition import album, edits
from mien.types import Templates
from tests.conftest import REPOSITORY
from tests.gallery.conftest import KEY
from tests.gallery.test_erasure import everything_in
from tests.gallery.test_migrating import NEW, renewed

MODEL = "test@0123abcd"
N_KILLS = int(os.environ.get("MIEN_TEST_KILLS", "5"))
CUT = {"method": "threshold", "threshold": 0.5}


def people(person: list[int], *, seed: int = 0) -> Templates:
    """Faces of people, 0.9 alike within one, by the numbers of the people."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(np.random.default_rng(99).standard_normal((64, 64)))[0]
    noise = rng.standard_normal((len(person), 64))
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return Templates.from_raw((centres[person] + 0.2 * noise).astype(np.float32), MODEL)


def put(gallery: SqliteGallery, person: list[int], *, first: int, photos: list[int] | None = None):
    """Enrol faces as clustering does: each a nameless subject of its own."""
    numbers = list(range(first, first + len(person))) if photos is None else photos
    where = [
        Origin(f"photo {photo}", f"{photo:064x}", row if photos is not None else 0, (1, 2, 30, 40))
        for row, photo in enumerate(numbers)
    ]
    made = people(person, seed=first)
    return gallery.enrol(made, [Subject() for _ in person], origins=where).reference_ids


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "people"
    path.mkdir()
    return path


@pytest.fixture
def gallery(folder: Path) -> Iterator[SqliteGallery]:
    with SqliteGallery(folder) as opened:
        put(opened, [0, 1, 0, 2, 1, 0, 3], first=1)
        album.group(opened, **CUT)
        yield opened


def partition(gallery: SqliteGallery) -> set[frozenset[int]]:
    """The faces of each group, by reference."""
    groups = album.read(gallery).groups.values()
    return {frozenset(r.reference_id for r in faces) for faces in groups}


def of(gallery: SqliteGallery, reference_id: int) -> int:
    return gallery.get(reference_id).subject_id


def test_faces_are_grouped_and_new_photos_extend_what_is_there(gallery: SqliteGallery) -> None:
    first = {frozenset({1, 3, 6}), frozenset({2, 5}), frozenset({4}), frozenset({7})}
    assert partition(gallery) == first
    assert gallery.count().subjects == 4
    ada = of(gallery, 1)
    album.name(gallery, ada, "Ada")
    assert album.group(gallery, **CUT) == 0
    put(gallery, [0, 3, 5], first=20)
    assert album.group(gallery, **CUT) == 2
    assert partition(gallery) == {
        frozenset({1, 3, 6, 8}),
        frozenset({2, 5}),
        frozenset({4}),
        frozenset({7, 9}),
        frozenset({10}),
    }
    assert gallery.subject(of(gallery, 8)).name == "Ada"
    probe = people([0], seed=50)
    assert gallery.search(probe, 1, policy="max")[0][0].subject_id == ada
    assert gallery.verify().problems == ()


def test_two_faces_of_one_photo_are_two_people(folder: Path) -> None:
    with SqliteGallery(folder) as gallery:
        put(gallery, [0, 0, 0], first=1, photos=[1, 1, 2])
        album.group(gallery, **CUT)
        assert len(partition(gallery)) == 2
        assert of(gallery, 1) != of(gallery, 2)


def test_edits_are_those_of_an_album_in_memory(folder: Path) -> None:
    """The same random edits on both give the same groups and names, and so does every undo."""
    choice = random.Random(3)
    with SqliteGallery(folder) as gallery:
        numbers = put(gallery, list(range(12)), first=1)
        memory = edits.Album(np.array([of(gallery, n) for n in numbers], np.int64))
        # Numbers of groups differ once there was a split: the faces tell which is which.
        for _ in range(120):
            stored = np.array([of(gallery, n) for n in numbers])
            verb = choice.choice(["merge", "merge", "split", "name", "apart", "undo"])
            one, other = choice.sample(range(12), 2)
            alike = np.flatnonzero(memory.labels == memory.labels[one])
            if verb in ("merge", "apart") and memory.labels[one] != memory.labels[other]:
                here, there = (album.merge, edits.merge)
                if verb == "apart":
                    here, there = (album.tell_apart, edits.tell_apart)
                here(gallery, int(stored[one]), int(stored[other]))
                memory = there(memory, int(memory.labels[one]), int(memory.labels[other]))
            elif verb == "split" and len(alike) > 1:
                rows = choice.sample(alike.tolist(), choice.randint(1, len(alike) - 1))
                album.split(gallery, [numbers[row] for row in rows])
                memory = edits.split(memory, rows)
            elif verb == "name":
                text = choice.choice([None, secrets.token_hex(4)])
                album.name(gallery, int(stored[one]), text)
                memory = edits.name(memory, int(memory.labels[one]), text)
            elif verb == "undo" and memory.log:
                album.undo(gallery)
                memory = edits.undo(memory)
            same(gallery, numbers, memory)
        assert len(gallery.edits()) == len(memory.log) > 5
        while memory.log:
            album.undo(gallery)
            memory = edits.undo(memory)
            same(gallery, numbers, memory)
        assert gallery.count().subjects == 12
        assert gallery.verify().problems == ()
        with pytest.raises(InputError, match="nothing was edited"):
            album.undo(gallery)


def same(gallery: SqliteGallery, numbers: list[int], memory: edits.Album) -> None:
    stored = [of(gallery, n) for n in numbers]
    pairs = set(zip(stored, memory.labels.tolist(), strict=True))
    assert len(pairs) == len(set(stored)) == len(set(memory.labels.tolist()))
    for one, other in pairs:
        assert gallery.subject(one).name == memory.names.get(other)


def test_what_was_split_or_told_apart_stays_so(gallery: SqliteGallery) -> None:
    album.split(gallery, [6])
    assert album.group(gallery, **CUT) == 0
    assert of(gallery, 6) != of(gallery, 1)
    album.undo(gallery)
    assert of(gallery, 6) == of(gallery, 1)
    # A face alone, told apart from the group that it would join.
    (alone,) = put(gallery, [1], first=30)
    album.tell_apart(gallery, of(gallery, alone), of(gallery, 2))
    assert album.group(gallery, **CUT) == 0
    album.undo(gallery)
    assert album.group(gallery, **CUT) == 1


def test_questions_leave_out_what_was_answered(folder: Path) -> None:
    with SqliteGallery(folder) as gallery:
        faces = people([0, 0, 1, 1])
        # A pair between the two groups that is nearly, not quite, alike enough.
        mixed = faces.vectors.copy()
        mixed[2:] = mixed[2:] * 0.8 + mixed[:2] * 0.6
        made = Templates.from_raw(mixed, MODEL)
        gallery.enrol(made, [Subject() for _ in range(4)])
        album.group(gallery, method="threshold", threshold=0.8)
        cut = {"method": "threshold", "threshold": 0.5}
        contents = album.read(gallery)
        assert len(contents.groups) == 2
        asked = album.ask(gallery, **cut)
        ((_, left, right),) = asked
        album.tell_apart(gallery, left.subject_id, right.subject_id)
        assert album.ask(gallery, **cut) == []


def test_edits_that_make_no_sense(gallery: SqliteGallery) -> None:
    ada, bo = of(gallery, 1), of(gallery, 2)
    album.name(gallery, ada, "Ada")
    before, n_edits = partition(gallery), len(gallery.edits())
    with pytest.raises(InputError, match=f"subject {ada} has this name"):
        album.name(gallery, bo, "Ada")
    with pytest.raises(InputError, match="twice"):
        album.merge(gallery, ada, ada)
    with pytest.raises(InputError, match="some, not all"):
        album.split(gallery, [1, 3, 6])
    with pytest.raises(InputError, match="some, not all"):
        album.split(gallery, [1, 2])
    for wrong in (lambda: album.merge(gallery, ada, 999), lambda: album.split(gallery, [999])):
        with pytest.raises(GalleryNotFoundError):
            wrong()
    gallery.amend(bo, external_id="7")
    with pytest.raises(InputError, match="has an external id or a consent"):
        album.merge(gallery, ada, bo)
    album.merge(gallery, bo, ada)
    album.undo(gallery)
    now = datetime.now(UTC)
    gallery.amend(ada, consent=Consent("album", now))
    with pytest.raises(InputError, match="consent of its own"):
        album.merge(gallery, bo, ada)
    assert (partition(gallery), len(gallery.edits())) == (before, n_edits)
    assert gallery.verify().problems == ()


@pytest.mark.parametrize("options", [{}, {"key": KEY}], ids=["plain", "encrypted"])
def test_an_erased_person_leaves_no_trace_in_the_log(
    folder: Path, options: dict[str, object]
) -> None:
    if options:
        pytest.importorskip("cryptography")
    with SqliteGallery(folder, **options) as gallery, SqliteGallery(folder, **options) as other:
        put(gallery, [0, 1, 0, 2, 1, 0, 3], first=1)
        album.group(gallery, **CUT)
        names = [secrets.token_hex(9) for _ in range(4)]
        ada, bo, cy, di = (of(gallery, n) for n in (1, 2, 4, 7))
        for subject_id, text in zip((ada, bo, cy, di), names, strict=True):
            album.name(gallery, subject_id, text)
        album.name(gallery, ada, names[0] + "x")
        album.merge(gallery, ada, cy)
        album.split(gallery, [4])
        moved = of(gallery, 4)
        other.search(people([1]), 3)
        found = everything_in(folder)
        assert all((text.encode() in found) == (not options) for text in names)
        gallery.backup(folder.parent / "backup")
        gallery.delete(subject_id=ada)
        for place in (folder, folder.parent / "backup"):
            data = everything_in(place)
            # cy's own name went to nobody when cy was merged into ada: it is gone too.
            assert not [text for text in (names[0], names[2]) if text.encode() in data]
            assert (names[1].encode() in data) == (not options)
        assert {e.change.subject_ids for e in gallery.edits()} == {
            frozenset({bo}),
            frozenset({di}),
        }
        # The face that was split off is somebody else, and stays.
        assert of(gallery, 4) == moved
        with pytest.raises(GalleryNotFoundError):
            gallery.subject(cy)
        album.undo(gallery)
        assert gallery.subject(di).name is None
        assert names[3].encode() not in everything_in(folder)
        assert gallery.verify().problems == ()


def test_a_name_that_is_amended_is_gone_from_the_log(gallery: SqliteGallery, folder: Path) -> None:
    old = secrets.token_hex(9)
    ada = of(gallery, 1)
    album.name(gallery, ada, old)
    gallery.amend(ada, name="Ada")
    assert old.encode() not in everything_in(folder)
    assert gallery.edits() == []


def test_edits_survive_rotation_migration_and_restart(folder: Path) -> None:
    pytest.importorskip("cryptography")
    with SqliteGallery(folder) as gallery:
        put(gallery, [0, 1, 0, 2], first=1)
        album.group(gallery, **CUT)
        before = partition(gallery)
        work = gallery.migration(NEW)
        work.begin()
        work.stage([1, 2], renewed([1, 2]))
        album.merge(gallery, of(gallery, 1), of(gallery, 2))
        album.name(gallery, of(gallery, 1), "Ada")
        work.stage([3, 4], renewed([3, 4]))
        gallery.rotate_key(KEY)
        gallery.migration(NEW).swap()
        gallery.clear_residue()
        assert gallery.verify().problems == ()
    with SqliteGallery(folder, key=KEY) as gallery:
        best = gallery.search(renewed([2]), 1, policy="max")[0][0]
        assert gallery.subject(best.subject_id).name == "Ada"
        album.undo(gallery)
        album.undo(gallery)
        assert partition(gallery) == before
        assert gallery.verify().problems == ()


_BUSY = """
import random, sys
from mien.errors import InputError, GalleryNotFoundError
from mien.gallery.sqlite import SqliteGallery
from mien.recognition import album
from tests.recognition.test_album import CUT, put
choice = random.Random(int(sys.argv[2]))
with SqliteGallery(sys.argv[1], wait_s=30) as gallery:
    for step in range(int(sys.argv[3])):
        groups = album.read(gallery).groups
        one, other = choice.sample(sorted(groups), 2)
        verb = choice.choice(["merge", "split", "name", "undo", "group", "put"])
        try:
            if verb == "merge":
                album.merge(gallery, one, other)
            elif verb == "split" and len(groups[one]) > 1:
                album.split(gallery, [groups[one][0].reference_id])
            elif verb == "name":
                album.name(gallery, one, choice.choice([None, f"{sys.argv[2]} {step}"]))
            elif verb == "undo":
                album.undo(gallery)
            elif verb == "group":
                album.group(gallery, **CUT)
            elif verb == "put":
                put(gallery, [choice.randrange(20)], first=1000 * int(sys.argv[2]) + step)
        except (InputError, GalleryNotFoundError):
            pass
        print(step, flush=True)
"""


def busy(folder: Path, seed: int, steps: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _BUSY, str(folder), str(seed), str(steps)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )


def check_whole(gallery: SqliteGallery) -> None:
    """Everything is sound, names are unique, and every edit can be undone."""
    assert gallery.verify().problems == ()
    contents = album.read(gallery)
    names = [s.name for s in contents.subjects.values() if s.name is not None]
    assert len(names) == len(set(names))
    for edit in contents.log:
        assert all(gallery.subject(number) for number in edit.change.subject_ids)


def test_two_processes_edit_and_cluster_at_once(gallery: SqliteGallery, folder: Path) -> None:
    both = [busy(folder, seed, 25) for seed in (1, 2)]
    for process in both:
        process.communicate()
    assert [process.returncode for process in both] == [0, 0]
    check_whole(gallery)
    while gallery.edits():
        album.undo(gallery)
    check_whole(gallery)
    assert not [s for s in gallery.subjects() if s.name is not None]


def test_killed_at_random_moments(gallery: SqliteGallery, folder: Path) -> None:
    choice = random.Random(0)
    for seed in range(N_KILLS):
        process = busy(folder, seed + 10, 1000)
        for _ in range(choice.randrange(1, 15)):
            assert process.stdout.readline()
        time.sleep(choice.uniform(0, 0.02))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        check_whole(gallery)
    while gallery.edits():
        album.undo(gallery)
    check_whole(gallery)


def test_faces_move_between_people_and_back(gallery: SqliteGallery) -> None:
    one, other = of(gallery, 1), of(gallery, 2)
    album.name(gallery, other, "Ada")
    number = album.move(gallery, [3, 6], other)
    assert {of(gallery, n) for n in (2, 3, 5, 6)} == {other}
    assert of(gallery, 1) == one
    # What was moved is known not to be whom it was with.
    assert album.read(gallery).apart == [(2, 0)]
    assert album.undo(gallery, expected=number).change.kind == "move"
    assert {of(gallery, n) for n in (1, 3, 6)} == {one}
    # All faces of a group: a merge, which can be undone as well.
    album.move(gallery, [1, 3, 6], other)
    assert gallery.edits()[-1].change.kind == "merge"
    assert gallery.groups().groups[0].size == 5
    album.undo(gallery)
    assert [group.size for group in gallery.groups().groups] == [3, 2, 1, 1]
    with pytest.raises(InputError, match="already"):
        album.move(gallery, [1], one)
    with pytest.raises(InputError, match="of one group"):
        album.move(gallery, [1, 2], of(gallery, 4))
    with pytest.raises(GalleryNotFoundError):
        album.move(gallery, [1], 987654)


def test_faces_move_to_somebody_who_has_none_yet(gallery: SqliteGallery) -> None:
    album.name(gallery, of(gallery, 4), "Grace")
    grace = of(gallery, 4)
    gallery.delete(reference_id=4)
    assert gallery.group(grace).size == 0
    album.move(gallery, [6], grace)
    assert [face.reference_id for face in gallery.group(grace).faces] == [6]


def test_an_edit_of_what_somebody_changed_meanwhile_is_refused(gallery: SqliteGallery) -> None:
    one, other = of(gallery, 1), of(gallery, 2)
    seen = {n: gallery.group(n).version for n in (one, other)}
    theirs = album.split(gallery, [3], seen=seen)
    before = partition(gallery)
    for edit in (
        lambda: album.merge(gallery, one, other, seen=seen),
        lambda: album.name(gallery, one, "Ada", seen=seen),
        lambda: album.name(gallery, other, "Ada", seen={987654: "gone"}),
        lambda: album.undo(gallery, expected=theirs - 1),
    ):
        with pytest.raises(GalleryConflictError):
            edit()
    assert partition(gallery) == before
    album.undo(gallery, expected=theirs)
    # As it was: what was seen holds again.
    album.merge(gallery, one, other, seen=seen)


def test_groups_are_read_in_pages(gallery: SqliteGallery) -> None:
    album.name(gallery, of(gallery, 2), "Ada Lovelace")
    whole = gallery.groups()
    assert (whole.n_groups, whole.n_faces, whole.next) == (4, 7, None)
    found, after = [], None
    for _ in range(4):
        page = gallery.groups(after=after, n=1, faces=2)
        found += page.groups
        after = page.next
    assert after is None
    assert [g.subject.subject_id for g in found] == [g.subject.subject_id for g in whole.groups]
    first = found[0]
    assert ([f.reference_id for f in first.faces], first.next, first.size) == ([1, 3], 3, 3)
    rest = gallery.group(first.faces[0].subject_id, after=3, faces=2)
    assert ([f.reference_id for f in rest.faces], rest.next) == ([6], None)
    assert [g.subject.name for g in gallery.groups(named="LOVE").groups] == ["Ada Lovelace"]
    assert gallery.groups(named="nobody").groups == ()
