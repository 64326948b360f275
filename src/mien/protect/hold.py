"""Hold covers in time: a frame in which the detector missed a face shows it no more than others.

Between two sightings of a head everything on the straight way from one to the other is covered;
before the first and after the last sighting the cover stays for some frames, and moves on as the
head did. All of it grows by as far as a head may have swerved meanwhile. A cut of the scene is no
exception: covers stay beyond it, which hides too much rather than too little.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np

from mien.errors import InputError
from mien.protect.head import Head
from mien.types.arrays import Array, FloatArray

#: No hold is shorter: so many frames in a row a detector may miss.
FEWEST = 10
#: A cover grows by so many eye distances at once, and by what a head can swerve: its speed changes
#: by so many eye distances a frame in each frame (at 25 frames a second some 3 m/s²).
_GROW, _SWERVE = 0.1, 0.06
#: Beyond so many frames from a sighting a cover grows no more.
_GROWS_FOR = 10
#: A head is the one seen before when its middle moved by at most this share of its size, and so
#: much more for each frame in between, and its size changed by at most this factor.
_MOVES, _MOVES_A_FRAME, _RESIZES = 0.5, 0.1, 2.5
#: Speed is that over this many sightings.
_SPEED_OVER = 3
#: A sighting whose neighbours are this near is covered where they say the head is, too: boxes jump.
_NEAR = 3

Frame = TypeVar("Frame")


@dataclass(slots=True)
class _Track:
    """Sightings of one head, ``(frame, head)`` rising; ``covered``: whether it is to be covered."""

    sightings: list[tuple[int, Head]]
    covered: bool


def held(
    frames: Iterable[tuple[Frame, Sequence[tuple[Head, bool]]]], *, hold: int
) -> Iterator[tuple[Frame, list[Head]]]:
    """Yield each frame, in order, with the heads to cover in it, those that were missed included.

    ``frames``: with the heads seen in each, and whether it is to be covered; who is once is for as
    long as it is followed. ``hold``: for how many frames a cover stays without a sighting. Holds
    ``hold`` + 1 frames in memory. Raises InputError for a hold below 10.
    """
    if hold < FEWEST:
        raise InputError(f"hold: got {hold}, expected {FEWEST} frames or more")
    return _held(frames, hold)


def _held(
    frames: Iterable[tuple[Frame, Sequence[tuple[Head, bool]]]], hold: int
) -> Iterator[tuple[Frame, list[Head]]]:
    tracks: list[_Track] = []
    waiting: deque[tuple[int, Frame]] = deque()
    for number, (frame, heads) in enumerate(frames):
        waiting.append((number, frame))
        _link(tracks, number, heads, hold)
        if len(waiting) > hold:
            yield _next(waiting, tracks, hold)
        tracks[:] = [_shortened(t, number, hold) for t in tracks if _alive(t, number, hold)]
    while waiting:
        yield _next(waiting, tracks, hold)


def _next(
    waiting: deque[tuple[int, Frame]], tracks: Sequence[_Track], hold: int
) -> tuple[Frame, list[Head]]:
    number, frame = waiting.popleft()
    heads = [head for t in tracks if t.covered for head in _covers(t.sightings, number, hold)]
    return frame, heads


def _alive(track: _Track, newest: int, hold: int) -> bool:
    """Tell whether a frame that still waits, or may come, can need the track."""
    return newest - track.sightings[-1][0] <= 2 * hold


def _shortened(track: _Track, newest: int, hold: int) -> _Track:
    """Forget sightings that no waiting frame needs; one before them all is kept, for speed some."""
    oldest = newest - 2 * hold - _SPEED_OVER
    first = next((i for i, (n, _) in enumerate(track.sightings) if n >= oldest), 0)
    del track.sightings[: max(0, first - 1)]
    return track


def _link(tracks: list[_Track], number: int, heads: Sequence[tuple[Head, bool]], hold: int) -> None:
    """Add each head to the track it continues, nearest first, or begin a track with it."""
    pairs = sorted(
        (distance, t, h)
        for t, track in enumerate(tracks)
        for h, (head, _) in enumerate(heads)
        if (distance := _distance(track, number, head, hold)) is not None
    )
    taken_tracks: set[int] = set()
    taken_heads: set[int] = set()
    for _, t, h in pairs:
        if t not in taken_tracks and h not in taken_heads:
            taken_tracks.add(t)
            taken_heads.add(h)
            tracks[t].sightings.append((number, heads[h][0]))
            tracks[t].covered |= heads[h][1]
    for h, (head, covered) in enumerate(heads):
        if h not in taken_heads:
            tracks.append(_Track([(number, head)], covered))


def _distance(track: _Track, number: int, head: Head, hold: int) -> float | None:
    """Return how far a head is from where a track goes, in sizes; ``None``: another head."""
    last, known = track.sightings[-1]
    gap = number - last
    if gap > 2 * hold:
        return None
    size, other = _size(known), _size(head)
    if not 1 / _RESIZES <= other / size <= _RESIZES:
        return None
    middle = _middle(head)
    there = _middle(known)
    ahead = there + _speed(track.sightings) * gap
    distance = float(min(np.linalg.norm(middle - there), np.linalg.norm(middle - ahead)))
    share = distance / max(size, other)
    return share if share <= _MOVES + _MOVES_A_FRAME * gap else None


def _covers(sightings: Sequence[tuple[int, Head]], number: int, hold: int) -> Iterator[Head]:
    """Yield what covers one head in a frame, the best guess last."""
    before = [one for one in sightings if one[0] < number]
    after = [one for one in sightings if one[0] > number]
    now = next((head for n, head in sightings if n == number), None)
    if now is not None:
        if before and after and after[0][0] - before[-1][0] <= _NEAR:
            yield _between(before[-1], after[0], number)
        yield now
        return
    if before and after and after[0][0] - before[-1][0] <= 2 * hold:
        yield from _on_the_way(before[-1], after[0], number)
        return
    if before and number - before[-1][0] <= hold:
        yield from _moved_on(before[-1], number, _speed(before))
    if after and after[0][0] - number <= hold:
        yield from _moved_on(after[0], number, _speed(after[:_SPEED_OVER]))


def _on_the_way(a: tuple[int, Head], b: tuple[int, Head], number: int) -> Iterator[Head]:
    # As far as a path of this swerve can be from the straight line between its ends.
    yield _hull(a[1], b[1], _SWERVE / 2 * (number - a[0]) * (b[0] - number))
    yield _between(a, b, number)


def _moved_on(seen: tuple[int, Head], number: int, speed: FloatArray) -> Iterator[Head]:
    n, head = seen
    away = min(abs(number - n), _GROWS_FOR)
    moved = replace(head, corners=head.corners + speed * (number - n))
    # The speed is that of the middle of the sightings it was taken from, one frame ago or more.
    yield _hull(head, moved, _SWERVE / 2 * away**2 + _SWERVE * _SPEED_OVER / 2 * away)
    yield moved


def _between(a: tuple[int, Head], b: tuple[int, Head], number: int) -> Head:
    share = (number - a[0]) / (b[0] - a[0])
    nearer = a[1] if share < 0.5 else b[1]
    corners = (1 - share) * a[1].corners + share * b[1].corners
    eye_px = (1 - share) * a[1].eye_px + share * b[1].eye_px
    return replace(nearer, corners=corners.astype(np.float32), eye_px=eye_px)


def _hull(a: Head, b: Head, stray: float) -> Head:
    """Return what covers everything between two heads, and ``stray`` eye distances round it."""
    eye_px = max(a.eye_px, b.eye_px)
    margin = eye_px * (_GROW + stray)
    points = np.concatenate([_grown(a.corners, margin), _grown(b.corners, margin)])
    outline = cv2.convexHull(points.astype(np.float32))[:, 0]
    return replace(a, corners=outline.astype(np.float32), eye_px=eye_px)


def _grown(corners: FloatArray, margin: float) -> Array:
    """Move the sides of a rectangle out by ``margin`` px, corners by more."""
    away = corners - corners.mean(axis=0)
    reach = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    return np.asarray(corners + away / reach * margin * np.sqrt(2))


def _speed(sightings: Sequence[tuple[int, Head]]) -> FloatArray:
    """Return how far (2,) px a head moves in a frame."""
    first, last = sightings[max(0, len(sightings) - _SPEED_OVER)], sightings[-1]
    if first[0] == last[0]:
        return np.zeros(2, np.float32)
    speed: FloatArray = (_middle(last[1]) - _middle(first[1])) / (last[0] - first[0])
    return speed


def _middle(head: Head) -> FloatArray:
    middle: FloatArray = head.corners.mean(axis=0)
    return middle


def _size(head: Head) -> float:
    return max(float(np.ptp(head.corners, axis=0).max()), 1.0)
