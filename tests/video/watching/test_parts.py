"""The journal, those who are told, what comes into a folder, and who is in view."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError
from mien.video.watching.folder import Arrivals
from mien.video.watching.journal import Event, WatchJournal
from mien.video.watching.presence import Presence, Sighting
from mien.video.watching.receivers import File, Lines, Telling, Webhook

A, B = np.eye(4)[0], np.eye(4)[1]


def test_a_journal_keeps_pictures_and_untold_events(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with WatchJournal(path, "/pictures") as journal:
        journal.introduce(["one", "two"])
        journal.add_picture("a.jpg", (1, 2), {"event": "picture", "source": "a.jpg"})
        journal.add_picture("b.jpg", (3, 4), {"event": "picture", "source": "b.jpg"})
        first, second = journal.untold("one")
        journal.tell("one", second.seq)
        journal.tell("two", first.seq)
    with WatchJournal(path, "/pictures") as journal:
        journal.introduce(["one", "two"])
        assert journal.watched() == {"a.jpg": (1, 2), "b.jpg": (3, 4)}
        assert journal.untold("one") == []
        (left,) = journal.untold("two")
        assert left.body["event_id"] == second.body["event_id"] != first.body["event_id"]
        assert journal.waiting() == 1
        # Who comes new hears what comes from now on.
        journal.introduce(["two", "three"])
        assert journal.untold("three") == []
        journal.tell("two", left.seq)
        assert journal.waiting() == 0
        journal.introduce(["four"])
        journal.add({"event": "seen"})
        assert len(journal.untold("four")) == 1
    assert path.stat().st_mode & 0o077 == 0


def test_a_journal_has_one_watch_and_one_source(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with (
        WatchJournal(path, "/a"),
        pytest.raises(InputError, match="in use by another"),
        WatchJournal(path, "/a"),
    ):
        pass
    with (
        pytest.raises(InputError, match="is the journal of /a, not of /b"),
        WatchJournal(path, "/b"),
    ):
        pass


def test_the_oldest_are_dropped(tmp_path: Path) -> None:
    with WatchJournal(tmp_path / "j.sqlite", "x") as journal:
        journal.introduce(["one"])
        assert journal.drop_oldest(2) == 0
        for number in range(5):
            journal.add({"number": number})
        assert journal.drop_oldest(2) == 3
        assert [event.body["number"] for event in journal.untold("one")] == [3, 4]


def test_a_file_is_appended_to_once_and_may_be_rotated(tmp_path: Path) -> None:
    file = File(tmp_path / "events.jsonl")
    events = [Event(number, {"event_id": f"{number:016x}", "n": number}) for number in range(5)]
    for event in events[:3]:
        file.take(event)
    # A kill after the line was written: it is told again, and stands there once.
    file.take(events[2])
    # A kill in the middle of a line.
    with file.path.open("ab") as half:
        half.write(b'{"event_id": "0000')
    file.take(events[3])
    assert [json.loads(line)["n"] for line in file.path.read_text().splitlines()] == [0, 1, 2, 3]
    file.path.rename(tmp_path / "events.jsonl.1")
    file.take(events[4])
    assert [json.loads(line)["n"] for line in file.path.read_text().splitlines()] == [4]


def test_a_receiver_that_fails_is_told_again_in_order(tmp_path: Path) -> None:
    got: list[int] = []
    all_there = threading.Event()

    class Moody:
        name = "moody"
        failures = 2

        def take(self, event: Event) -> None:
            if event.body["n"] == 1 and self.failures:
                self.failures -= 1
                raise OSError("not now")
            got.append(event.body["n"])
            if len(got) == 3:
                all_there.set()

    with WatchJournal(tmp_path / "j.sqlite", "x") as journal:
        journal.introduce(["moody"])
        telling = Telling(journal, Moody())
        telling.start()
        for number in range(3):
            journal.add({"n": number})
            telling.notice()
        assert all_there.wait(60)
        telling.end(wait_s=10)
        assert telling.failure is None
        assert journal.waiting() == 0
    assert got == [0, 1, 2]


def test_a_closed_pipe_is_a_failure(tmp_path: Path) -> None:
    def closed(text: str) -> None:
        raise BrokenPipeError

    with WatchJournal(tmp_path / "j.sqlite", "x") as journal:
        journal.introduce(["stdout"])
        journal.add({"n": 1})
        telling = Telling(journal, Lines(closed))
        telling.start()
        telling.end(wait_s=30)
        assert isinstance(telling.failure, BrokenPipeError)
        assert journal.waiting() == 1


def test_a_webhook_has_an_address() -> None:
    with pytest.raises(InputError, match="expected http"):
        Webhook("ftp://here")


def test_a_picture_counts_when_it_is_written_to_its_end(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, {}, settle_s=0)
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"half")
    assert list(arrivals.look()) == []
    picture.write_bytes(b"whole")
    assert list(arrivals.look()) == []
    ((path, stamp),) = arrivals.look()
    assert (path, stamp[0]) == (str(picture), 5)
    arrivals.done(path, stamp)
    assert list(arrivals.look()) == list(arrivals.look()) == []
    picture.write_bytes(b"another")
    assert list(arrivals.look()) == []
    assert [stamp[0] for _, stamp in arrivals.look()] == [7]


def test_a_folder_that_goes_away(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path / "mounted", {}, settle_s=0)
    assert list(arrivals.look()) == []
    assert not arrivals.is_there
    (tmp_path / "mounted").mkdir()
    assert list(arrivals.look()) == []
    assert arrivals.is_there


def test_people_come_when_seen_twice_and_go_after_the_hold() -> None:
    presence = Presence(0.9, hold_s=2.0)
    assert presence.see(0.0, [Sighting(A)]) == []
    (came,) = presence.see(0.5, [Sighting(A)])
    assert (came.kind, came.person, came.since_s) == ("seen", "stranger 1", 0.0)
    assert presence.see(2.5, []) == []
    # Back within the hold: still there.
    assert presence.see(2.5, [Sighting(A)]) == []
    (gone,) = presence.see(5.0, [])
    assert (gone.kind, gone.person, gone.last_s) == ("gone", "stranger 1", 2.5)
    assert presence.see(6.0, [Sighting(B)]) == []
    assert presence.end() == []


def test_strangers_are_told_apart_and_names_come_from_the_gallery() -> None:
    presence = Presence(0.9, confirm=1)
    named = Sighting(B, subject_id=7, name="Ada", score=0.95)
    changes = presence.see(0.0, [Sighting(A), named])
    assert [(c.person, c.name) for c in changes] == [("stranger 1", None), ("subject 7", "Ada")]
    # The gallery misses Ada in one frame: she is no stranger for that.
    assert presence.see(0.5, [Sighting(B), Sighting(A)]) == []
    # Two faces in one frame are two people, however alike.
    (third,) = presence.see(1.0, [Sighting(A), Sighting(A)])
    assert third.person == "stranger 2"
    assert [change.kind for change in presence.end()] == ["gone"] * 3


def test_no_face_no_change() -> None:
    assert Presence(0.9).see(0.0, []) == []


def test_a_stranger_who_returns_has_the_old_number_where_the_threshold_is_reached() -> None:
    sizes: list[int] = []

    def threshold(size: int) -> float:
        sizes.append(size)
        return 0.8

    presence = Presence(0.9, hold_s=1.0, return_threshold=threshold)
    told = []
    for start_s, vector in ((0.0, A), (10.0, B), (20.0, A), (30.0, B), (40.0, A)):
        for time_s in (start_s, start_s + 0.5):
            told += presence.see(time_s, [Sighting(vector)])
    told += presence.end()
    people = [change.person for change in told if change.kind == "seen"]
    assert people == ["stranger 1", "stranger 2", "stranger 1", "stranger 2", "stranger 1"]
    assert [change.person for change in told if change.kind == "gone"] == people
    # Each visit has its own times; the one looked for is among those who are gone.
    assert [change.since_s for change in told if change.kind == "seen"] == [0, 10, 20, 30, 40]
    assert sizes == [1, 2, 2, 2]


def test_only_the_last_who_left_are_remembered_and_two_at_once_stay_two() -> None:
    presence = Presence(0.9, hold_s=1.0, return_threshold=lambda size: 0.8, remember=1)
    for start_s, vector in ((0.0, A), (10.0, B)):
        for time_s in (start_s, start_s + 0.5):
            presence.see(time_s, [Sighting(vector)])
    presence.see(20.0, [Sighting(A), Sighting(B), Sighting(B)])
    came = presence.see(20.5, [Sighting(A), Sighting(B), Sighting(B)])
    assert [change.person for change in came] == ["stranger 3", "stranger 2", "stranger 4"]
    assert Presence(0.9, confirm=1).see(0.0, [Sighting(A)])[0].person == "stranger 1"
