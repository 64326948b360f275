"""What happened between two times, to which faces, and how strongly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from mien.errors import InputError


@dataclass(frozen=True, slots=True)
class Event:
    """A thing of one ``kind`` from ``start_s`` to ``end_s``, on the clock of the series.

    ``face_ids``: whom it is about, the doer first. ``strength``: how much, in ``unit``; each kind
    says what of. ``label``: which one of its kind; ``apex_s``: when it was strongest, where known.
    """

    kind: str
    start_s: float
    end_s: float
    face_ids: tuple[str, ...]
    strength: float
    unit: str = ""
    label: str = ""
    apex_s: float | None = None

    def __post_init__(self) -> None:
        """Check the order of times."""
        if not self.start_s <= self.end_s:
            raise InputError(
                f"Event {self.kind}: got {self.start_s} to {self.end_s} s, expected start <= end"
            )

    @property
    def duration_s(self) -> float:
        """How long it lasted."""
        return self.end_s - self.start_s

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, as they stand in JSON and Parquet."""
        return asdict(self) | {"face_ids": list(self.face_ids)}


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return events by start, end, kind and faces."""
    return sorted(events, key=lambda e: (e.start_s, e.end_s, e.kind, e.face_ids, e.label))
