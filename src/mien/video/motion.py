"""Motion: a Kalman filter of constant velocity for the square round one face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.types.arrays import Array, FloatArray

#: Standard deviations, in sides of the face: of a measured centre (and of the logarithm of a side),
#: and of the acceleration per s². The ratio is what counts: velocities settle within 5 frames.
_MEASURED = 0.02
_ACCELERATED = 4.0
#: Before the first movement is seen: sides per s.
_FIRST_SPEED = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Centre x, y in px and log side, and their changes per s, at ``time_s``.

    ``mean (2,3)``: values, then velocities. ``spread (2,2)``: their covariance, one for all three,
    in sides of the face: the filter is the same along each axis.
    """

    time_s: float
    mean: Array
    spread: Array

    @classmethod
    def begin(cls, time_s: float, square: FloatArray) -> Motion:
        """Begin at rest at a square: centre x, y, side in px."""
        x, y, side = (float(value) for value in square[:3])
        mean = np.array([[x, y, np.log(side)], [0.0, 0.0, 0.0]])
        return cls(time_s, mean, np.diag([_MEASURED**2, _FIRST_SPEED**2]))

    @property
    def side(self) -> float:
        """The side in px."""
        return float(np.exp(self.mean[0, 2]))

    def at(self, time_s: float) -> Motion:
        """Return the motion as it is expected at a later time."""
        dt = time_s - self.time_s
        step = np.array([[1.0, dt], [0.0, 1.0]])
        noise = _ACCELERATED**2 * np.array([[dt**4 / 4, dt**3 / 2], [dt**3 / 2, dt**2]])
        return Motion(time_s, step @ self.mean, step @ self.spread @ step.T + noise)

    def seen(self, time_s: float, square: FloatArray) -> Motion:
        """Return the motion after a square was measured at a time: centre x, y, side in px."""
        here = self.at(time_s)
        x, y, side = (float(value) for value in square[:3])
        gain = here.spread[:, 0] / (here.spread[0, 0] + _MEASURED**2)
        error = np.array([x, y, np.log(side)]) - here.mean[0]
        spread = here.spread - np.outer(gain, here.spread[0])
        return Motion(time_s, here.mean + gain[:, None] * error, spread)

    def reach(self) -> float:
        """Return two standard deviations of the place, in sides."""
        return 2.0 * float(np.sqrt(self.spread[0, 0]))

    def square(self, turn_rad: float) -> Array:
        """Return the expected square (4,): centre x, y, side in px, turn in rad."""
        return np.array([self.mean[0, 0], self.mean[0, 1], self.side, turn_rad])
