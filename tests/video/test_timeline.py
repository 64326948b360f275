"""Timelines are what they say: WebVTT that a player reads, rows, a page that needs nothing else."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from mien.errors import ArrayError
from mien.render.report.timeline import Lane, Span, Timeline, clock, write_timeline
from mien.types import Image
from mien.video.timeline import COLUMNS, to_document, to_vtt, write_csv
from mien.video.tracks import Person, Track, TrackSet

CUE = re.compile(
    r"track (\d+)\n(\d\d+):([0-5]\d):([0-5]\d\.\d{3}) --> (\d\d+):([0-5]\d):([0-5]\d\.\d{3})\n(.+)"
)


def made(track_id: int, person_id: int, times_s: list[float], shot: int = 0) -> Track:
    n = len(times_s)
    boxes = np.arange(4 * n, dtype=np.float32).reshape(n, 4)
    ones = np.ones(n)
    return Track(
        track_id, person_id, shot, np.array(times_s), boxes, np.zeros((n, 5, 2)), ones, ones, 1.0
    )


@pytest.fixture
def tracks() -> TrackSet:
    """Two people in 101 frames of an hour and more; one has a name that is markup."""
    return TrackSet(
        source="a <b>.mp4",
        size_wh=(64, 48),
        frames=101,
        duration_s=4000.0,
        every=8,
        shots_s=(0.0, 3700.0),
        tracks=(made(1, 1, [0.0, 40.0]), made(2, 2, [40.0]), made(3, 1, [3720.5], shot=1)),
        people=(Person(1, (1, 3), name="Ada --> <script>\nB & C"), Person(2, (2,))),
        model_id=None,
    )


def cues(text: str) -> list[tuple[int, float, float, str]]:
    """What a player reads; raises on what the standard forbids."""
    header, *blocks = text.rstrip("\n").split("\n\n")
    assert header == "WEBVTT"
    found = []
    for block in blocks:
        match = CUE.fullmatch(block)
        assert match, block
        assert "-->" not in match[8]
        start, end = (
            int(match[i]) * 3600 + int(match[i + 1]) * 60 + float(match[i + 2]) for i in (2, 5)
        )
        assert start < end
        found.append((int(match[1]), start, end, match[8]))
    assert found == sorted(found, key=lambda cue: cue[1])
    return found


def test_webvtt(tracks: TrackSet) -> None:
    ada = "Ada --&gt; &lt;script&gt; B &amp; C"
    assert cues(to_vtt(tracks)) == [
        (1, 0.0, 80.0, ada),
        (2, 40.0, 80.0, "Person 2"),
        (3, 3720.5, 3760.5, ada),
    ]


def test_webvtt_of_nobody(tracks: TrackSet) -> None:
    empty = TrackSet(None, (0, 0), 0, 0.0, 8, (), (), (), None)
    assert to_vtt(empty) == "WEBVTT\n"
    assert to_document(empty)["people"] == []


def test_rows_are_in_order_of_time(tracks: TrackSet) -> None:
    file = io.StringIO()
    write_csv(file, tracks)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["time_s"], row["track_id"]) for row in rows] == [
        ("0.0", "1"),
        ("40.0", "1"),
        ("40.0", "2"),
        ("3720.5", "3"),
    ]
    assert [row["name"] for row in rows][-2:] == ["", "Ada --> <script>\nB & C"]
    assert [row["x1"] for row in rows] == ["2.0", "6.0", "2.0", "2.0"]


def test_seconds_on_screen(tracks: TrackSet) -> None:
    people = to_document(tracks)["people"]
    assert [person["seconds"] for person in people] == [120.0, 40.0]


def test_tracks_have_one_row_a_moment() -> None:
    with pytest.raises(ArrayError, match="Track"):
        Track(
            1, 1, 0, np.zeros(2), np.zeros((3, 4)), np.zeros((2, 5, 2)), np.ones(2), np.ones(2), 1
        )


class _Counts(HTMLParser):
    """Which elements a page has, and every address it names."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_fetches_nothing_and_escapes_names(tmp_path: Path) -> None:
    crop = Image(np.full((8, 8, 3), 90, np.uint8))
    lane = Lane("<script>alert(1)</script>", "0:02.0 on screen", [Span(0, 2, "quality 80", crop)])
    page = Timeline("a <b>.mp4", 4.0, 100, (0.0, 2.0), [lane], problems=("packet <3>",))
    write_timeline(tmp_path / "t.html", page)
    text = (tmp_path / "t.html").read_text()
    parser = _Counts()
    parser.feed(text)
    assert "script" not in parser.tags
    assert all(a.startswith(("data:", "#")) for a in parser.addresses)
    assert "width:50.000%" in text
    assert "packet &lt;3&gt;" in text


@pytest.mark.parametrize("duration_s", [0.0, 0.04, 90_000.0])
def test_the_page_of_any_length(tmp_path: Path, duration_s: float) -> None:
    write_timeline(tmp_path / "t.html", Timeline("v", duration_s, 1, (0.0,), []))
    lane = Lane("Person 1", "", [Span(0, duration_s, "no template")])
    write_timeline(tmp_path / "t.html", Timeline("v", duration_s, 1, (0.0,), [lane]))
    assert "1 person in v" in (tmp_path / "t.html").read_text()


def test_times_as_people_read_them() -> None:
    assert [clock(t) for t in (0, 7.25, 59.96, 3754)] == ["0:00.0", "0:07.2", "1:00.0", "1:02:34.0"]
    assert clock(90, tenths=False) == "1:30"
