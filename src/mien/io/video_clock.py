"""The times that a container gives its frames become one time that begins at 0 and only rises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mien.io.video_problems import Problems

#: So many frames in a row that are too early, each later than the one before: a clock set anew.
_ANEW = 3


@dataclass(slots=True)
class Clock:
    """Times come from presentation timestamps; frames are counted only where there are none."""

    problems: Problems
    rate_hz: float | None
    last_s: float | None = None
    _zero_s: float | None = None
    _early: list[tuple[Any, float]] = field(default_factory=list)

    def tell(self, frame: Any) -> list[tuple[Any, float]]:
        """Return the frames that are due with their times since the video's first frame.

        That is the one given, as a rule. One that is not later than the one before waits: if it
        stays alone, damage put it there, and it is left out.
        """
        if frame.time is None:
            return [(frame, self._counted())]
        if self._zero_s is None:
            step_s = 0.0 if self.last_s is None else self.last_s + self.step_s()
            self._zero_s = frame.time - step_s
        now_s = frame.time - self._zero_s
        if self.last_s is None or now_s > self.last_s:
            self._leave_out()
            self.last_s = now_s
            return [(frame, now_s)]
        if self._early and frame.time <= self._early[-1][1]:
            self._leave_out()
        self._early.append((frame, frame.time))
        return self._anew() if len(self._early) == _ANEW else []

    def _leave_out(self) -> None:
        for _ in self._early:
            self.problems.add("a frame is out of order and left out", self.last_s)
        self._early = []

    def _anew(self) -> list[tuple[Any, float]]:
        assert self.last_s is not None
        self.problems.add("times jump back and go on from here", self.last_s)
        self._zero_s = self._early[0][1] - self.last_s - self.step_s()
        due = [(frame, time_s - self._zero_s) for frame, time_s in self._early]
        self._early, self.last_s = [], due[-1][1]
        return due

    def set_first(self, time_s: float | None) -> None:
        """State the own time of the video's first frame, where reading begins behind it."""
        self._zero_s = time_s

    def resume(self, gap_s: float) -> None:
        """Let the next frame stand ``gap_s`` after the last one: a live stream came back."""
        self._zero_s, self._early = None, []
        if self.last_s is not None:
            self.last_s += max(0.0, gap_s - self.step_s())

    def own_time(self, now_s: float) -> float:
        """Return the container's own time for a time since the first frame."""
        return now_s + (0.0 if self._zero_s is None else self._zero_s)

    def _counted(self) -> float:
        if self.rate_hz is None:
            self.problems.add("frames carry no time; 25 a second are assumed", self.last_s)
        else:
            self.problems.add(
                f"frames carry no time; counted at {self.rate_hz:g} a second", self.last_s
            )
        self.last_s = 0.0 if self.last_s is None else self.last_s + self.step_s()
        return self.last_s

    def step_s(self) -> float:
        """Return how far frames lie apart on average; 1/25 s where nothing is said of it."""
        return 1 / 25 if self.rate_hz is None else 1 / self.rate_hz
