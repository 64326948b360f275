"""Who is in view: people come when they are seen twice, and are gone when they are not, for long.

Pure: times and faces in, changes out; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from mien.types.arrays import Array

_STRANGER = "stranger "


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
    be out of sight without being gone; ``confirm``: sightings before somebody has come. Then a
    stranger is looked for among the last ``remember`` who are gone, and is that one again iff the
    score reaches ``return_threshold(size)``; ``None``: nobody is known again.
    """

    threshold: float
    hold_s: float = 5.0
    confirm: int = 2
    return_threshold: Callable[[int], float] | None = None
    remember: int = 100
    _left: dict[str, _Person] = field(default_factory=dict)
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
            if known.times == self.confirm:
                known = self._again(known)
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
            if _is_stranger(one) and one.times >= self.confirm:
                self._left[one.person] = one
        for person in list(self._left)[: max(0, len(self._left) - self.remember)]:
            del self._left[person]
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

    def _again(self, new: _Person) -> _Person:
        """Return the stranger who was gone and is seen again, or the new one."""
        if self.return_threshold is None or not self._left or not _is_stranger(new):
            return new
        gone = list(self._left.values())
        totals = np.stack([one.total / np.linalg.norm(one.total) for one in gone])
        scores = totals @ new.total / np.linalg.norm(new.total)
        best = int(scores.argmax())
        if scores[best] < self.return_threshold(len(gone)):
            return new
        self._people.pop(new.person, None)
        old = self._left.pop(gone[best].person)
        return replace(new, person=old.person, total=old.total + new.total)

    def _begin(self, time_s: float, sighting: Sighting) -> _Person:
        if sighting.subject_id is not None:
            person = _key(sighting.subject_id)
        else:
            self._strangers += 1
            person = f"{_STRANGER}{self._strangers}"
        return _Person(person, sighting.name, sighting.score, sighting.vector, time_s, time_s)


def _key(subject_id: int) -> str:
    return f"subject {subject_id}"


def _is_stranger(one: _Person) -> bool:
    return one.person.startswith(_STRANGER)


def _best(a: float | None, b: float | None) -> float | None:
    return b if a is None else a if b is None else max(a, b)


def _change(kind: Literal["seen", "gone"], one: _Person) -> Change:
    return Change(kind, one.person, one.name, one.score, one.since_s, one.last_s)
