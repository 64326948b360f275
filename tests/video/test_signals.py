"""Blinks, mouth, nods, shakes and fixations of made-up series, on any clock and with gaps."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.video.signals.blinks import blinks, eye_aspect_ratio
from mien.video.signals.fixations import fixations
from mien.video.signals.head_gestures import head_gestures, swings
from mien.video.signals.mouth import mouth_activity
from tests.video.made import face_mesh, made_series

TIMES = np.arange(250) / 25


def blinking(
    starts_s: list[float], *, lasting_s: float = 0.2, jitter_px: float = 0.0
) -> np.ndarray:
    generator = np.random.default_rng(0)
    shut = sum((((s <= TIMES) & (s + lasting_s > TIMES)) * 1.0 for s in starts_s), np.zeros(250))
    meshes = np.stack([face_mesh(lids=share) for share in shut])
    return meshes + generator.normal(0, jitter_px, meshes.shape)


def nodding(deg: float, hz: float, *, axis: int = 1, noise_deg: float = 0.5) -> np.ndarray:
    pose = np.random.default_rng(1).normal(0, noise_deg, (250, 3))
    pose[:, axis] += np.where(
        (TIMES > 3) & (TIMES < 6), deg * np.sin(2 * np.pi * hz * (TIMES - 3)), 0
    )
    return pose


def test_the_ratio_of_an_eye() -> None:
    # Six points of (0,0) (1,1) (3,1) (4,0) (3,-1) (1,-1): (2 + 2) / (2 * 4).
    mesh = np.zeros((1, 478, 2))
    for eye in ((33, 160, 158, 133, 153, 144), (263, 387, 385, 362, 380, 373)):
        mesh[0, list(eye)] = [(0, 0), (1, 1), (3, 1), (4, 0), (3, -1), (1, -1)]
    assert eye_aspect_ratio(mesh).tolist() == [[0.5, 0.5]]
    assert eye_aspect_ratio(mesh * 7).tolist() == [[0.5, 0.5]]


def test_blinks_are_counted_over_the_time_that_was_seen() -> None:
    found = blinks(made_series(TIMES, landmarks_px=blinking([1.0, 4.0, 7.5], jitter_px=0.3)))
    assert [event.kind for event in found.events] == ["blink"] * 3
    assert [event.start_s for event in found.events] == pytest.approx([1, 4, 7.5], abs=0.03)
    assert all(event.duration_s == pytest.approx(0.2, abs=0.041) for event in found.events)
    assert all(event.strength > 0.8 for event in found.events)
    assert found.exposure_s == pytest.approx(9.96)
    assert found.rate.value == pytest.approx(3 / 9.96 * 60)
    assert found.rate.low < found.rate.value < found.rate.high
    seen = (TIMES < 2) | (TIMES > 6)
    half = blinks(made_series(TIMES, landmarks_px=blinking([1.0, 4.0, 7.5]), seen=seen))
    assert (len(half.events), half.exposure_s) == (2, pytest.approx(1.96 + 3.92, abs=0.05))


def test_long_closure_is_no_blink_and_a_turned_head_is_not_measured() -> None:
    mesh = blinking([2.0], lasting_s=2.0)
    (event,) = blinks(made_series(TIMES, landmarks_px=mesh)).events
    assert event.kind == "eyes_closed"
    pose = np.zeros((250, 3))
    pose[:, 0] = 60
    turned = blinks(made_series(TIMES, landmarks_px=mesh, pose_deg=pose))
    assert (turned.events, turned.exposure_s) == ((), 0)
    assert math.isnan(turned.rate.value)


def test_a_small_eye_is_measured_against_itself() -> None:
    mesh = blinking([3.0])
    narrow = mesh.copy()
    for upper, lower in (((160, 158), (144, 153)), ((387, 385), (373, 380))):
        middle = (mesh[:, list(upper)] + mesh[:, list(lower)]) / 2
        for part in (upper, lower):
            narrow[:, list(part)] = middle + 0.4 * (mesh[:, list(part)] - middle)
    wide, small = (blinks(made_series(TIMES, landmarks_px=m)) for m in (mesh, narrow))
    assert small.open_ratio < 0.7 * wide.open_ratio
    assert len(small.events) == len(wide.events) == 1


def test_a_mouth_that_talks() -> None:
    open_by = np.where((TIMES > 3) & (TIMES < 6), 0.05 * (1 + np.sin(2 * np.pi * 3 * TIMES)), 0)
    mesh = np.stack([face_mesh(jaw=j) for j in open_by])
    (event,) = mouth_activity(made_series(TIMES, landmarks_px=mesh))
    assert (event.start_s, event.end_s) == (pytest.approx(3, abs=0.35), pytest.approx(6, abs=0.35))
    still = np.random.default_rng(0).normal(0, 0.15, mesh.shape) + face_mesh()
    assert mouth_activity(made_series(TIMES, landmarks_px=still)) == []


@pytest.mark.parametrize(("axis", "kind"), [(0, "head_shake"), (1, "head_nod")])
@pytest.mark.parametrize("hz", [0.8, 1.5, 3.0])
def test_nods_and_shakes(axis: int, kind: str, hz: float) -> None:
    (event,) = head_gestures(made_series(TIMES, pose_deg=nodding(8, hz, axis=axis)))
    assert event.kind == kind
    assert 2.5 < event.start_s < event.end_s < 6.5
    assert event.strength == pytest.approx(16, abs=3)


def test_what_is_no_gesture() -> None:
    slow = nodding(20, 0.2)
    once = np.zeros((250, 3))
    once[:, 1] = np.where(TIMES > 5, 20, 0)
    both = nodding(8, 1.5) + nodding(8, 1.5, axis=0)
    still = np.random.default_rng(2).normal(0, 1.0, (250, 3))
    for pose in (slow, once, both, still):
        assert head_gestures(made_series(TIMES, pose_deg=pose)) == []


@given(st.lists(st.integers(-20, 20), max_size=40), st.integers(1, 10))
def test_swings_alternate_and_are_wide(values: list[int], width: int) -> None:
    found = swings(np.array(values, float), at_least_deg=width)
    for one, other in pairwise(found):
        assert one.last == other.first
    moves = [values[one.last] - values[one.first] for one in found]
    assert all(abs(move) >= width for move in moves)
    assert all(a * b < 0 for a, b in pairwise(moves))
    if not found and values:
        assert max(values) - min(values) < width


@given(st.integers(-8000, 8000))
def test_events_shift_with_the_clock(eighths: int) -> None:
    times = np.arange(250) / 32
    pose = nodding(8, 1.5)
    series = made_series(times, pose_deg=pose, landmarks_px=blinking([1.0, 5.0]))
    for signal in (head_gestures, lambda s: blinks(s).events):
        here, there = signal(series), signal(series.shifted(eighths / 8))
        assert here
        assert [event.start_s + eighths / 8 for event in here] == [e.start_s for e in there]


def test_every_second_frame_shows_the_same() -> None:
    series = made_series(TIMES, pose_deg=nodding(8, 1.5), landmarks_px=blinking([1.0, 5.0]))
    half = series[::2]
    assert [e.kind for e in head_gestures(half)] == [e.kind for e in head_gestures(series)]
    assert len(blinks(half).events) == len(blinks(series).events) == 2


def directions(yaw_deg: np.ndarray) -> np.ndarray:
    yaw = np.deg2rad(yaw_deg)
    return np.column_stack([np.sin(yaw), np.zeros(len(yaw)), -np.cos(yaw)])


def test_fixations() -> None:
    yaw = np.where(TIMES < 4, -20.0, np.where(TIMES < 4.2, 200 * (TIMES - 4) - 20, 20.0))
    yaw = yaw + np.random.default_rng(0).normal(0, 1, 250)
    series = made_series(TIMES, gaze_direction=directions(yaw))
    first, second = fixations(series)
    assert (first.start_s, first.end_s) == (0, pytest.approx(4, abs=0.1))
    assert (second.start_s, second.end_s) == (pytest.approx(4.2, abs=0.1), pytest.approx(9.96))
    assert first.strength < 2
    closed = np.where(np.abs(TIMES - 2)[:, None] < 0.5, 0.0, 1.0) * np.ones((250, 3))
    assert len(fixations(series.with_columns(openness=closed))) == 3
    moving = made_series(TIMES, gaze_direction=directions(40 * np.sin(3 * TIMES)))
    assert len(fixations(moving)) == 0 or max(e.duration_s for e in fixations(moving)) < 1
    with pytest.raises(InputError, match="0 to 90"):
        fixations(series, cone_deg=0)
