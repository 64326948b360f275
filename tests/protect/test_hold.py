"""Covers held in time: whatever a detector misses, no frame shows the head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.protect.cover import covered_area
from mien.protect.head import Head
from mien.protect.hold import held
from tests.protect.test_cover import head_at

SIZE = (320, 240)
HOLD = 15
MOST_MISSED = 10


def face_of(head: Head) -> tuple[slice, slice]:
    """The face of a head: the middle half of its rectangle, as far as it is in the picture."""
    x, y = head.corners.mean(axis=0)
    quarter = np.ptp(head.corners, axis=0).max() / 4
    low = np.clip([x - quarter, y - quarter], 0, SIZE).astype(int)
    high = np.clip([x + quarter, y + quarter], 0, SIZE).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def uncovered(
    truth: Sequence[Sequence[Head]], seen: Sequence[Sequence[Head]], hold: int = HOLD
) -> list[int]:
    frames = ((number, [(head, True) for head in heads]) for number, heads in enumerate(seen))
    wrong = []
    for number, heads in held(frames, hold=hold):
        area = covered_area(heads, SIZE)
        wrong += [number for head in truth[number] if not area[face_of(head)].all()]
    return wrong


def path(kind: str, n: int, phase: float, side: float) -> list[Head]:
    """A head whose speed changes by up to 0.05 eye distances a frame (there are 3 to a side)."""
    t = np.arange(n)
    swerve = 0.05 * 0.9 * side / 3
    x, y = np.full(n, 160.0), np.full(n, 120.0)
    if kind == "line":
        x, y = 40 + 240 * t / n, 60 + 100 * t / n
    elif kind == "swing":
        x = 160 + swerve * 64 * np.sin(t / 8 + phase)
    elif kind == "round":
        x, y = x + swerve * 81 * np.cos(t / 9 + phase), y + swerve * 81 * np.sin(t / 9 + phase)
    sizes = side * (1 + 0.1 * np.sin(t / 20 + phase))
    return [head_at(*one) for one in zip(x, y, sizes, strict=True)]


def with_misses(n: int, runs: Sequence[tuple[int, int]]) -> np.ndarray:
    """Which frames are seen: runs of at most 10 misses, each followed by a sighting."""
    seen = np.ones(n, bool)
    start = 0
    for sightings, missed in runs:
        start += sightings
        seen[start : start + missed] = False
        start += missed
    return seen


misses = st.lists(st.tuples(st.integers(1, 12), st.integers(0, MOST_MISSED)), max_size=12)


@given(
    st.sampled_from(["still", "line", "swing", "round"]),
    misses,
    st.integers(0, MOST_MISSED),
    st.floats(0, 6),
    st.floats(60, 120),
)
def test_no_pattern_of_up_to_ten_misses_uncovers_a_face(
    kind: str, runs: list[tuple[int, int]], late: int, phase: float, side: float
) -> None:
    truth = path(kind, 100, phase, side)
    seen = with_misses(100, runs)
    # Missed at first, too, and at the end.
    seen[:late], seen[100 - late :] = False, False
    if not seen.any() or longest_miss(seen) > MOST_MISSED:
        return
    found = [[head] if one else [] for head, one in zip(truth, seen, strict=True)]
    assert uncovered([[head] for head in truth], found) == []


def longest_miss(seen: np.ndarray) -> int:
    return max(len(run) for run in "".join("x "[int(one)] for one in seen).split(" "))


@given(misses, misses)
def test_two_people_who_cross_stay_covered(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    n = 90
    left = [head_at(40 + 2.6 * t, 120, 70) for t in range(n)]
    right = [head_at(280 - 2.6 * t, 130, 80) for t in range(n)]
    first, second = with_misses(n, one), with_misses(n, other)
    found = [
        [head for head, s in ((left[t], first[t]), (right[t], second[t])) if s] for t in range(n)
    ]
    assert uncovered([[left[t], right[t]] for t in range(n)], found) == []


@given(st.integers(0, MOST_MISSED), st.integers(0, MOST_MISSED), st.booleans())
def test_a_cut_between_misses_hides_too_much_rather_than_too_little(
    before: int, after: int, elsewhere: bool
) -> None:
    there = head_at(240, 150, 90) if elsewhere else head_at(110, 120, 60)
    truth = [head_at(80, 110, 80)] * 30 + [there] * 30
    seen = np.ones(60, bool)
    seen[30 - before : 30 + after] = False
    found = [[head] if one else [] for head, one in zip(truth, seen, strict=True)]
    assert uncovered([[head] for head in truth], found) == []


def test_frames_come_out_in_order_each_once_and_wait_no_longer_than_the_hold() -> None:
    taken = 0

    def frames() -> Iterator[tuple[int, list[tuple[Head, bool]]]]:
        nonlocal taken
        for number in range(2000):
            taken += 1
            yield number, [(head_at(100, 100, 60), True)] if number % 7 else []

    for count, (number, heads) in enumerate(held(frames(), hold=HOLD)):
        assert number == count
        assert heads
        assert taken <= number + HOLD + 1


def test_a_cover_ends_after_the_hold_and_begins_no_earlier() -> None:
    seen = [[head_at(100, 100, 60)] if number == 40 else [] for number in range(100)]
    frames = ((number, [(head, True) for head in heads]) for number, heads in enumerate(seen))
    covered = [number for number, heads in held(frames, hold=HOLD) if heads]
    assert covered == list(range(40 - HOLD, 40 + HOLD + 1))


def test_who_is_to_be_covered_once_is_while_followed() -> None:
    frames = ((number, [(head_at(100 + number, 100, 60), number == 30)]) for number in range(60))
    covered = [number for number, heads in held(frames, hold=HOLD) if heads]
    assert covered == list(range(30 - HOLD, 60))


def test_nobody_and_nothing() -> None:
    assert list(held([], hold=10)) == []
    assert list(held([("a", []), ("b", [])], hold=10)) == [("a", []), ("b", [])]
    with pytest.raises(InputError, match="10 frames or more"):
        held([], hold=9)
