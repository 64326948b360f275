"""What went wrong while a video was read, in few lines however often it happened."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Incidents that are told one by one; those after them are counted.
_MOST = 100


@dataclass(slots=True)
class Problems:
    """Incidents in the order of time; the same thing again within a second is one incident."""

    _lines: list[str] = field(default_factory=list)
    _what: str = ""
    _first_s: float | None = None
    _last_s: float | None = None
    _times: int = 0
    _more: int = 0

    def add(self, what: str, at_s: float | None) -> None:
        """Record an incident near a time of the video (``None``: before its first frame)."""
        near = at_s is None or self._last_s is None or at_s - self._last_s <= 1.0
        if self._times and what == self._what and near:
            self._last_s, self._times = at_s, self._times + 1
            return
        self._close()
        self._what, self._first_s, self._last_s, self._times = what, at_s, at_s, 1

    def lines(self) -> list[str]:
        """Return what happened, one line an incident, at most about a hundred."""
        tail = [self._line()] if self._times else []
        more = [f"and {self._more} more incidents"] if self._more else []
        return [*self._lines, *more, *tail]

    def _close(self) -> None:
        if self._times and len(self._lines) < _MOST:
            self._lines.append(self._line())
        elif self._times:
            self._more += 1

    def _line(self) -> str:
        if self._first_s is None:
            at = "at the start"
        elif self._last_s is None or self._last_s == self._first_s:
            at = f"at {self._first_s:.2f} s"
        else:
            at = f"from {self._first_s:.2f} s to {self._last_s:.2f} s"
        return f"{at}: {self._what}" + (f" ({self._times} times)" if self._times > 1 else "")
