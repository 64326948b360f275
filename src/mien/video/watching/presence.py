"""Who is in view: people come when they are seen twice, and are gone when they are not, for long.

Pure: times and faces in, changes out; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from mien.types.arrays import Array


@dataclass(frozen=True, slots=True)
class Sighting:
    """One face in one frame: a unit vector (D,), and whom a gallery takes it for, if anybody."""

    vector: Array
    subject_id: int | None = None
    name: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody came or went. ``since_s``, ``last_s``: first and last time they were in view."""

    kind: Literal["seen", "gone"]
    person: str
    name: str | None
    score: float | None
    since_s: float
    last_s: float


@dataclass(frozen=True, slots=True)
class _Person:
    person: str
    name: str | None
    score: float | None
    total: Array
    since_s: float
    last_s: float
    times: int = 1


@dataclass(slots=True)
class Presence:
    """The people in view. A face without a name is the stranger whom it resembles most, if any.

    ``threshold``: cosine from which two faces are one stranger; ``hold_s``: how long a person may
    be out of sight without being gone; ``confirm``: sightings before somebody has come.
    """

    threshold: float
    hold_s: float = 5.0
    confirm: int = 2
    _people: dict[str, _Person] = field(default_factory=dict)
    _strangers: int = 0

    def see(self, time_s: float, sightings: Sequence[Sighting]) -> list[Change]:
        """Take one frame's faces; return who came and who went, in that order of time."""
        changes = self._gone(time_s)
        taken: set[str] = set()
        for sighting in sightings:
            known = self._known(sighting, taken)
            if known is None:
                known = self._begin(time_s, sighting)
            else:
                known = replace(
                    known,
                    total=known.total + sighting.vector,
                    score=_best(known.score, sighting.score),
                    last_s=time_s,
                    times=known.times + 1,
                )
            taken.add(known.person)
            self._people[known.person] = known
            if known.times == self.confirm:
                changes.append(_change("seen", known))
        return changes

    def end(self) -> list[Change]:
        """Return who goes because watching ends."""
        return self._gone(float("inf"))

    def _gone(self, time_s: float) -> list[Change]:
        gone = [one for one in self._people.values() if time_s - one.last_s > self.hold_s]
        for one in gone:
            del self._people[one.person]
        return [_change("gone", one) for one in gone if one.times >= self.confirm]

    def _known(self, sighting: Sighting, taken: set[str]) -> _Person | None:
        if sighting.subject_id is not None:
            return self._people.get(_key(sighting.subject_id))
        best, best_score = None, self.threshold
        for one in self._people.values():
            # A known person whom the gallery does not name in this frame is no stranger.
            score = float(one.total @ sighting.vector / np.linalg.norm(one.total))
            if one.person not in taken and score >= best_score:
                best, best_score = one, score
        return best

    def _begin(self, time_s: float, sighting: Sighting) -> _Person:
        if sighting.subject_id is not None:
            person = _key(sighting.subject_id)
        else:
            self._strangers += 1
            person = f"stranger {self._strangers}"
        return _Person(person, sighting.name, sighting.score, sighting.vector, time_s, time_s)


def _key(subject_id: int) -> str:
    return f"subject {subject_id}"


def _best(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else max(a, b)


def _change(kind: Literal["seen", "gone"], one: _Person) -> Change:
    return Change(kind, one.person, one.name, one.score, one.since_s, one.last_s)
