"""A face over time: what is not seen stays NaN; hysteresis, stretches and spans on any clock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien.errors import ArrayError, InputError
from mien.tasks.expression import EXPRESSIONS
from mien.tasks.pipeline import Analyzer
from mien.types import Image
from mien.video.event import Event, in_order
from mien.video.hysteresis import exposure_s, hysteresis, runs, spans, stretches
from mien.video.series import face_series
from tests.video.made import made_series

LEVELS = arrays(np.float64, st.integers(0, 60), elements=st.floats(-1, 1))


def test_faces_become_columns_and_gaps_stay(portrait_image: Image) -> None:
    tasks = ("detect", "landmarks", "pose", "gaze", "expression")
    faces = Analyzer(tasks, threads=1).analyze(portrait_image).found
    (face,) = faces
    series = face_series([(0.0, face), (0.04, None), (0.1, face)], face_id="7")
    assert (len(series), series.image_size_wh, series.face_id) == (3, (512, 512), "7")
    assert series.present.tolist() == [True, False, True]
    for values in series.columns().values():
        assert np.isnan(values[1]).all()
        np.testing.assert_array_equal(values[0], values[2])
    assert face.pose is not None
    assert face.gaze is not None
    np.testing.assert_allclose(
        series.column("pose_deg")[0],
        [face.pose["yaw_deg"], face.pose["pitch_deg"], face.pose["roll_deg"]],
        atol=1e-3,
    )
    assert series.column("openness")[0][2] == pytest.approx(face.gaze["mouth_openness"], abs=1e-3)
    assert series.column("landmarks_px").shape == (3, 478, 3)
    assert series.expression_labels == EXPRESSIONS
    assert series.valence_arousal is None
    assert series[1:].times_s.tolist() == [0.04, 0.1]


def test_nothing_seen() -> None:
    assert len(face_series([])) == 0
    series = face_series([(0.0, None), (1.0, None)], image_size_wh=(64, 48))
    assert not series.present.any()
    with pytest.raises(InputError, match="has no pose_deg"):
        series.column("pose_deg")


@pytest.mark.parametrize("times", [[0.0, 0.0], [0.0, 1.0, 0.5]])
def test_time_goes_on(times: list[float]) -> None:
    with pytest.raises(InputError, match="expected strictly ascending"):
        made_series(times)


def test_columns_of_other_shapes_are_refused() -> None:
    with pytest.raises(ArrayError, match="pose_deg"):
        made_series([0.0, 1.0], pose_deg=np.zeros((2, 2)))
    with pytest.raises(ArrayError, match="7 columns for 1 labels"):
        made_series([0.0], expression=np.zeros((1, 7)), expression_labels=("happy",))


def test_events_are_ordered_and_checked() -> None:
    late, early = (Event("blink", at, at + 0.1, ("a",), 1.0) for at in (2.0, 1.0))
    assert in_order([late, early]) == [early, late]
    assert early.duration_s == pytest.approx(0.1)
    assert early.to_dict()["face_ids"] == ["a"]
    with pytest.raises(InputError, match="expected start <= end"):
        Event("blink", 2.0, 1.0, ("a",), 1.0)


@given(LEVELS, st.floats(-1, 1), st.floats(0, 1))
def test_hysteresis_as_a_loop(values: np.ndarray, enter: float, band: float) -> None:
    on, expected = False, []
    for value in values:
        on = value >= enter or (on and value >= enter - band)
        expected.append(on)
    assert hysteresis(values, enter=enter, leave=enter - band).tolist() == expected


@given(LEVELS, st.floats(0.05, 0.5))
def test_hysteresis_never_flickers(noise: np.ndarray, band: float) -> None:
    # What stays within the band, however it jumps, is decided once at most.
    on = hysteresis(noise * band / 2 * 0.999, enter=band / 2, leave=-band / 2)
    assert not on.any()
    started = np.concatenate([[1.0], noise * band / 2 * 0.999])
    assert hysteresis(started, enter=band / 2, leave=-band / 2).all()


@given(LEVELS, st.integers(-8000, 8000))
def test_spans_shift_with_the_clock(values: np.ndarray, eighths: int) -> None:
    times = np.arange(len(values)) / 8
    here = spans(times, values, enter=0.5, leave=0.2)
    there = spans(times + eighths / 8, values, enter=0.5, leave=0.2)
    assert [(s.start_s + eighths / 8, s.end_s + eighths / 8) for s in here] == [
        (s.start_s, s.end_s) for s in there
    ]


@given(arrays(np.bool_, st.integers(0, 60)), st.sampled_from([0.1, 0.25, 0.5]))
def test_stretches_hold_every_measured_row_once(measured: np.ndarray, gap: float) -> None:
    times = np.arange(len(measured)) / 8
    found = stretches(times, measured, max_gap_s=gap)
    together = np.concatenate([*found, np.zeros(0, int)])
    assert together.tolist() == np.flatnonzero(measured).tolist()
    assert all((np.diff(times[rows]) <= gap).all() for rows in found)
    assert exposure_s(times, measured, max_gap_s=gap) <= max(len(measured) - 1, 0) / 8
    covered = [row for first, end in runs(measured) for row in range(first, end)]
    assert covered == np.flatnonzero(measured).tolist()


def test_spans_end_at_gaps_and_half_way_to_what_is_off() -> None:
    times = np.array([0.0, 0.1, 0.2, 0.3, 1.0, 1.1])
    (first, second) = spans(times, np.array([0, 1, 1, 1, 1, 0.0]), enter=1, leave=1)
    assert (first.start_s, first.end_s) == (pytest.approx(0.05), 0.3)
    assert (second.start_s, second.end_s) == (1.0, pytest.approx(1.05))
    assert first.rows.tolist() == [1, 2, 3]
    with pytest.raises(InputError, match="leave <= enter"):
        hysteresis(times, enter=0, leave=1)
