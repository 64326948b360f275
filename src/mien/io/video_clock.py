"""The times that a container gives its frames become one time that begins at 0 and only rises."""

from __future__ import annotations

from dataclasses import dataclass

from mien.io.video_problems import Problems

#: Times that fall back by less are disorder, by more a clock that was set anew.
_JUMP_S = 0.5
#: Two frames are never given the same time.
_LEAST_S = 1e-3


@dataclass(slots=True)
class Clock:
    """Times come from presentation timestamps; frames are counted only where there are none."""

    problems: Problems
    rate_hz: float | None
    last_s: float | None = None
    _zero_s: float | None = None

    def tell(self, time_s: float | None) -> float:
        """Return the time since the video's first frame, for a frame's own time in s."""
        if time_s is None:
            return self._counted()
        if self._zero_s is None:
            self._zero_s = time_s if self.last_s is None else time_s - self.last_s - self._step_s()
        now_s = time_s - self._zero_s
        if self.last_s is not None and now_s <= self.last_s:
            if now_s < self.last_s - _JUMP_S:
                self.problems.add("times jump back and go on from here", self.last_s)
                now_s = self.last_s + self._step_s()
                self._zero_s = time_s - now_s
            else:
                self.problems.add("a frame is not later than the one before", self.last_s)
                now_s = self.last_s + _LEAST_S
        self.last_s = now_s
        return now_s

    def set_first(self, time_s: float | None) -> None:
        """State the own time of the video's first frame, where reading begins behind it."""
        self._zero_s = time_s

    def resume(self, gap_s: float) -> None:
        """Let the next frame stand ``gap_s`` after the last one: a live stream came back."""
        self._zero_s = None
        if self.last_s is not None:
            self.last_s += max(0.0, gap_s - self._step_s())

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
        self.last_s = 0.0 if self.last_s is None else self.last_s + self._step_s()
        return self.last_s

    def _step_s(self) -> float:
        return 1 / 25 if self.rate_hz is None else 1 / self.rate_hz
