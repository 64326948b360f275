"""The One Euro filter: against the authors' algorithm, its lag, gaps and irregular steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.video.signals.one_euro import OneEuro, longest_lag_s, one_euro, smoothed
from tests.video.made import face_mesh, made_series

SETTINGS = OneEuro(1.0, 0.5)
# Times and values for the algorithm of the paper (Casiez et al., CHI 2012, appendix A).
TIMES = np.array([0.0, 0.04, 0.08, 0.2, 0.24])
VALUES = np.array([0.0, 1.0, 1.0, 4.0, 4.0])


def by_the_paper() -> list[float]:
    """The algorithm of the paper, one number at a time."""

    def share(cutoff: float, step: float) -> float:
        tau = 1 / (2 * np.pi * cutoff)
        return 1 / (1 + tau / step)

    out, speed = [VALUES[0]], 0.0
    for step, value in zip(np.diff(TIMES), VALUES[1:], strict=True):
        a = share(1.0, step)
        speed = a * (value - out[-1]) / step + (1 - a) * speed
        b = share(1.0 + 0.5 * abs(speed), step)
        out.append(b * value + (1 - b) * out[-1])
    return out


def test_as_the_paper_says() -> None:
    np.testing.assert_allclose(one_euro(TIMES, VALUES, SETTINGS), by_the_paper(), rtol=1e-12)


@given(st.floats(-100, 100), st.integers(1, 40))
def test_what_is_still_stays(level: float, n: int) -> None:
    times = np.cumsum(np.random.default_rng(n).uniform(0.01, 0.2, n))
    values = np.full((n, 3), level)
    np.testing.assert_allclose(one_euro(times, values, SETTINGS), values)


@given(st.integers(0, 2**32 - 1), st.integers(-4000, 4000))
def test_each_number_on_its_own_and_on_any_clock(seed: int, eighths: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(20, 2, 3))
    values[7] = np.nan
    times = np.arange(20) / 8
    out = one_euro(times, values, SETTINGS)
    assert np.isnan(out[7]).all()
    np.testing.assert_allclose(out[:, 1, 2], one_euro(times, values[:, 1, 2], SETTINGS))
    np.testing.assert_allclose(out, one_euro(times + eighths / 8, values, SETTINGS))
    # Causal: what comes later changes nothing.
    np.testing.assert_allclose(out[:12], one_euro(times[:12], values[:12], SETTINGS))


def test_it_begins_anew_behind_a_gap() -> None:
    times = np.array([0.0, 0.04, 5.0, 5.04])
    out = one_euro(times, np.array([0.0, 0.0, 9.0, 9.0]), SETTINGS)
    assert out.tolist() == [0, 0, 9, 9]


@pytest.mark.parametrize("frequency_hz", [0.2, 1.0, 3.0])
def test_the_lag_is_the_delay_of_a_slow_sine(frequency_hz: float) -> None:
    times = np.arange(0, 40, 0.02)
    settings = OneEuro(1.5, 0.0)
    out = one_euro(times, np.sin(2 * np.pi * frequency_hz * times), settings)
    late = times > 20
    waves = np.exp(-2j * np.pi * frequency_hz * times[late])
    phase = np.angle(
        (out[late] * waves).sum() / (np.sin(2 * np.pi * frequency_hz * times[late]) * waves).sum()
    )
    measured = -phase / (2 * np.pi * frequency_hz)
    assert longest_lag_s(frequency_hz, 50, settings) == pytest.approx(measured, abs=1e-3)


def test_a_series_is_smoothed() -> None:
    generator = np.random.default_rng(1)
    times = np.arange(100) / 25
    mesh = face_mesh()[None] + generator.normal(0, 0.5, (100, 478, 3))
    roll = (179 + generator.normal(0, 3, 100) + 180) % 360 - 180
    pose = np.column_stack([generator.normal(0, 1, (100, 2)), roll])
    series = made_series(times, landmarks_px=mesh, pose_deg=pose, seen=np.arange(100) != 50)
    out = smoothed(series)
    assert np.isnan(out.column("landmarks_px")[50]).all()
    kept = series.present & (times > 1)
    before = series.column("landmarks_px")[kept].std(axis=0).mean()
    assert out.column("landmarks_px")[kept].std(axis=0).mean() < 0.6 * before
    # A roll about 180 degrees does not go through 0.
    assert np.nanmin(np.abs(out.column("pose_deg")[:, 2])) > 160


def test_bad_settings() -> None:
    with pytest.raises(InputError, match="cutoffs > 0"):
        OneEuro(0, 1)
