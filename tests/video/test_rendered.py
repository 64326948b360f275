"""A rendered portrait blinks, talks, nods and shakes: found through detector, mesh and pose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.moving_face import moved
from mien.tasks.pipeline import Analyzer
from mien.types import Image
from mien.video.event import Event
from mien.video.series import FaceSeries, face_series
from mien.video.signals.blinks import blinks
from mien.video.signals.head_gestures import head_gestures
from mien.video.signals.mouth import mouth_activity

Frame = Callable[[float], dict[str, Any]]
RATE_HZ = 25


def watched(frame: Frame, *, n: int = 50) -> FaceSeries:
    analyzer = Analyzer(("detect", "landmarks", "pose", "gaze"), threads=1)
    images = [Image(moved(**frame(i / RATE_HZ)), None, i / RATE_HZ) for i in range(n)]
    rows = []
    for image, analysis in zip(images, analyzer.analyze_many(images), strict=True):
        (face,) = analysis.found
        rows.append((image.timestamp_s, face))
    return face_series(rows)


def events(series: FaceSeries) -> list[Event]:
    return [*blinks(series).events, *mouth_activity(series), *head_gestures(series)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "frame"),
    [
        ("blink", lambda t: {"lids": float(0.8 <= t < 1.0)}),
        ("mouth_activity", lambda t: {"jaw": 0.35 * (t > 0.6) * (1 + np.sin(18 * t)) / 2}),
        ("head_nod", lambda t: {"pitch_deg": 9 * (t > 0.5) * np.sin(2 * np.pi * 1.5 * (t - 0.5))}),
        ("head_shake", lambda t: {"yaw_deg": 9 * (t > 0.5) * np.sin(2 * np.pi * 1.5 * (t - 0.5))}),
    ],
)
def test_each_is_found_and_nothing_else(kind: str, frame: Frame) -> None:
    assert {event.kind for event in events(watched(frame))} == {kind}


@pytest.mark.slow
def test_a_face_that_only_drifts_does_nothing() -> None:
    drifting = watched(lambda t: {"shift_px": (6 * t, 3 * t)})
    assert events(drifting) == []
