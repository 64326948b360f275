"""The Kalman filter: against the textbook's matrices, and what it expects of a face that moves."""

from __future__ import annotations

import numpy as np
import pytest

from mien.video.motion import Motion


def textbook(times_s: list[float], values: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """One axis with explicit matrices: x' = F x, P' = F P F' + Q, K = P H' / (H P H' + R)."""
    mean, cov = np.array([values[0], 0.0]), np.diag([0.02**2, 2.0**2])
    h = np.array([[1.0, 0.0]])
    for before, now, value in zip(times_s, times_s[1:], values[1:], strict=False):
        dt = now - before
        f, g = np.array([[1.0, dt], [0.0, 1.0]]), np.array([[dt**2 / 2], [dt]])
        mean, cov = f @ mean, f @ cov @ f.T + 4.0**2 * g @ g.T
        gain = cov @ h.T / (h @ cov @ h.T + 0.02**2)
        mean = mean + gain[:, 0] * (value - mean[0])
        cov = (np.eye(2) - gain @ h) @ cov
    return mean, cov


def test_equals_the_textbook() -> None:
    rng = np.random.default_rng(5)
    times_s = np.cumsum(rng.uniform(0.02, 0.2, 12)).tolist()
    xs = rng.normal(100, 20, 12).tolist()
    motion = Motion.begin(times_s[0], np.array([xs[0], 50.0, 80.0]))
    for time_s, x in zip(times_s[1:], xs[1:], strict=True):
        motion = motion.seen(time_s, np.array([x, 50.0, 80.0]))
    mean, cov = textbook(times_s, xs)
    np.testing.assert_allclose(motion.mean[:, 0], mean, rtol=1e-9)
    np.testing.assert_allclose(motion.spread, cov, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(motion.mean[:, 1], [50, 0], atol=1e-9)
    assert motion.side == pytest.approx(80)


def test_a_steady_walk_is_expected_to_go_on() -> None:
    motion = Motion.begin(0.0, np.array([0.0, 0.0, 50.0]))
    for frame in range(1, 26):
        motion = motion.seen(frame / 25, np.array([4.0 * frame, 0.0, 50.0]))
    assert motion.at(1.4).square(0.2) == pytest.approx([140, 0, 50, 0.2], abs=1.5)
    # What is not seen grows uncertain.
    assert motion.at(1.4).reach() > motion.at(1.1).reach() > motion.reach()
