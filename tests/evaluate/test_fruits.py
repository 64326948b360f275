"""Time tracks, from times that are given."""

from __future__ import annotations

import numpy as np
import pytest

from mien.evaluate.fruits import timing


@pytest.mark.parametrize(
    ("taken_ms", "track"), [(40.0, 100), (100.0, 100), (101.0, 500), (900.0, 1000), (1001.0, None)]
)
def test_the_fastest_track_that_the_mean_meets(taken_ms: float, track: float | None) -> None:
    figures = {figure.name: figure for figure in timing(np.full(10, taken_ms)).figures}
    assert figures["fastest track met"].value == track
    assert bool(figures["fastest track met"].why) == (track is None)


def test_the_distribution_of_times() -> None:
    found = timing(np.arange(1.0, 101.0))
    values = {figure.name: figure.value for figure in found.figures}
    assert values["time a picture, mean"] == 50.5
    assert values["time a picture, longest"] == 100
    assert found.curves[0].y[-1] == 1.0
