"""Expressions from onset to offset: made-up probabilities, on any clock, with gaps and flicker."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.tasks.expression import EXPRESSIONS
from mien.video.series import FaceSeries
from mien.video.signals.expressions import expressions, phases, steadied
from tests.video.made import made_series

TIMES = np.arange(200) / 25


def showing(happy: np.ndarray, *, seen: np.ndarray | None = None) -> FaceSeries:
    """Happy with this probability, else neutral."""
    probability = np.zeros((len(happy), len(EXPRESSIONS)))
    probability[:, EXPRESSIONS.index("happy")] = happy
    probability[:, EXPRESSIONS.index("neutral")] = 1 - happy
    times = np.arange(len(happy)) / 25
    return made_series(times, expression=probability, expression_labels=EXPRESSIONS, seen=seen)


def smile(onset_s: float = 2.0, *, rise_s: float = 0.5, hold_s: float = 2.0) -> np.ndarray:
    """A trapezoid from .02 to .95."""
    points = np.cumsum([onset_s, rise_s, hold_s, rise_s])
    return np.interp(TIMES, points, [0.02, 0.95, 0.95, 0.02])


def test_onset_apex_offset() -> None:
    series = showing(smile())
    (event,) = expressions(series)
    assert (event.kind, event.label) == ("expression", "happy")
    assert (event.start_s, event.end_s) == (pytest.approx(2, abs=0.13), pytest.approx(5, abs=0.13))
    assert event.strength == pytest.approx(0.95, abs=0.01)
    assert event.apex_s is not None
    assert 2.5 <= event.apex_s <= 4.5
    onset, apex, offset = phases(series, event)
    assert onset.start_s == event.start_s
    assert onset.end_s == apex.start_s == pytest.approx(2.5, abs=0.13)
    assert apex.end_s == offset.start_s == pytest.approx(4.5, abs=0.13)
    assert offset.end_s == event.end_s
    assert [one.kind for one in (onset, apex, offset)] == [
        *("expression_onset", "expression_apex", "expression_offset")
    ]


def test_noise_does_not_make_two_of_one_and_one_frame_is_none() -> None:
    noisy = np.clip(smile() + np.random.default_rng(0).normal(0, 0.12, 200), 0, 1)
    assert len(expressions(showing(noisy))) == 1
    single = np.full(200, 0.02)
    single[100] = 1
    assert expressions(showing(single)) == []
    assert expressions(showing(np.full(200, 0.02))) == []


def test_a_gap_ends_an_expression() -> None:
    seen = (TIMES < 3) | (TIMES > 4)
    first, second = expressions(showing(smile(), seen=seen))
    assert first.end_s < 3
    assert second.start_s > 4
    values = showing(smile(), seen=seen)
    assert np.isnan(steadied(values.times_s, values.column("expression"))[~seen]).all()


@given(st.integers(-4000, 4000), st.integers(0, 2**32 - 1))
def test_events_shift_with_the_clock(eighths: int, seed: int) -> None:
    walk = np.cumsum(np.random.default_rng(seed).normal(0, 0.25, 80))
    series = showing(1 / (1 + np.exp(-walk)))
    series = FaceSeries(
        "a",
        series.image_size_wh,
        np.arange(80) / 32,
        series.box_xyxy_px,
        expression=series.expression,
        expression_labels=EXPRESSIONS,
    )
    here, there = expressions(series), expressions(series.shifted(eighths / 8))
    assert [(e.start_s + eighths / 8, e.end_s + eighths / 8) for e in here] == [
        (e.start_s, e.end_s) for e in there
    ]
    for event in here:
        assert event.apex_s is not None
        assert event.start_s <= event.apex_s <= event.end_s
        parts = phases(series, event)
        assert (parts[0].start_s, parts[-1].end_s) == (event.start_s, event.end_s)


def test_every_second_frame_shows_the_same() -> None:
    series = showing(smile())
    (whole,), (half,) = expressions(series), expressions(series[::2])
    assert half.start_s == pytest.approx(whole.start_s, abs=0.1)
    assert half.end_s == pytest.approx(whole.end_s, abs=0.1)
