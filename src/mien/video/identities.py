"""Identities: one running template a track, and which tracks show one person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mien.recognition.identify import FPIR, gallery_threshold
from mien.recognition.searching import stored
from mien.recognition.sets import TemplateSet, merge
from mien.types import Templates
from mien.types.arrays import Array
from mien.video.sampling import FIRST_S, PERIOD_S, Embedded, Embedder, Sample, Window


@dataclass(slots=True, eq=False)
class _Known:
    """A track that lasts: its own set, and when its window closes."""

    start_s: float
    last_s: float
    window: Window
    person_id: int
    seen: TemplateSet | None = None


@dataclass(slots=True, eq=False)
class _Person:
    """A person: the set over tracks that ended, the tracks, and when one was last in view."""

    last_s: float
    tracks: list[int] = field(default_factory=list)
    seen: TemplateSet | None = None


class Identities:
    """What is known of who is who, as frames go by; memory grows with people, not with time.

    A track begins as a person of its own. Whenever it was embedded, its running template is
    searched among the people who were not in view since the track began: two faces seen at one
    time are two people. The best is the same person iff the score reaches the threshold that keeps
    ``fpir`` in a gallery of so many, from the operating points of the recogniser, see
    ``gallery_threshold``. Once found, and once the track has ended, that stays. Raises ModelError
    for a recogniser for which no threshold was measured.
    """

    def __init__(self, embedder: Embedder, *, fpir: float = FPIR) -> None:
        self._embedder = embedder
        self._fpir = fpir
        self._points, _ = stored(embedder.model_id)
        self.embedded = 0
        self._tracks: dict[int, _Known] = {}
        self._people: dict[int, _Person] = {}

    @property
    def model_id(self) -> str:
        """The id of the templates."""
        return self._embedder.model_id

    def threshold(self, size: int) -> float:
        """Return the score from which one of ``size`` people is taken for the one searched for."""
        # More people than pairs were measured for: the line is continued.
        chosen = gallery_threshold(
            self._points, gallery_size=size, fpir=self._fpir, extrapolate=True
        )
        return chosen.threshold

    def embed(self, samples: Sequence[Sample]) -> list[Embedded | None]:
        """Embed samples; ``None`` for one that has no template."""
        self.embedded += len(samples)
        return self._embedder(samples)

    def see(self, time_s: float, samples: Iterable[tuple[int, Sample]]) -> None:
        """Take note of the faces of a frame, by their track ids; embed those that are due."""
        due = []
        for track_id, sample in samples:
            known = self._tracks.get(track_id)
            if known is None:
                known = _Known(time_s, time_s, Window(time_s + FIRST_S), track_id)
                self._tracks[track_id] = known
                self._people[track_id] = _Person(time_s, [track_id])
            known.last_s = self._people[known.person_id].last_s = time_s
            known.window.offer(sample)
            if time_s >= known.window.due_s:
                due.append(track_id)
        self._sample(due, time_s)

    def end(self, track_id: int) -> tuple[int, Templates | None]:
        """Close a track; return the person that it shows, and its template."""
        if self._tracks[track_id].window.best is not None:
            self._sample([track_id], self._tracks[track_id].last_s)
        known = self._tracks.pop(track_id)
        person = self._people[known.person_id]
        if known.seen is None:
            return known.person_id, None
        person.seen = known.seen if person.seen is None else merge(person.seen, known.seen)
        return known.person_id, known.seen.result()

    def person_of(self, track_id: int) -> int:
        """Return the person that a track which lasts shows."""
        return self._tracks[track_id].person_id

    def template(self, track_id: int) -> Templates | None:
        """Return the running template of a track that lasts."""
        seen = self._tracks[track_id].seen
        return None if seen is None else seen.result()

    def people(self) -> dict[int, tuple[tuple[int, ...], Templates | None]]:
        """Return each person's tracks and template, over those that ended."""
        return {
            number: (tuple(person.tracks), None if person.seen is None else person.seen.result())
            for number, person in sorted(self._people.items())
        }

    def _sample(self, track_ids: Sequence[int], time_s: float) -> None:
        """Embed the best crops of these tracks' windows, and open the next."""
        windows = [self._tracks[track_id].window for track_id in track_ids]
        best = [window.best for window in windows if window.best is not None]
        for track_id, embedded in zip(track_ids, self.embed(best), strict=True):
            known = self._tracks[track_id]
            known.window = Window(time_s + PERIOD_S)
            if embedded is not None:
                known.seen = embedded.into(known.seen)
                self._recognise(track_id, known)

    def _recognise(self, track_id: int, known: _Known) -> None:
        """Look whether a track that is a person of its own shows one who was there before."""
        assert known.seen is not None
        if known.person_id != track_id:
            return
        others = {
            number: person.seen
            for number, person in self._people.items()
            if person.seen is not None and person.last_s < known.start_s and number != track_id
        }
        if not others:
            return
        templates = [seen.result().vectors[0] for seen in others.values()]
        scores: Array = np.stack(templates).astype(np.float64) @ known.seen.result().vectors[0]
        best = int(scores.argmax())
        if scores[best] < self.threshold(len(others)):
            return
        number = list(others)[best]
        del self._people[track_id]
        known.person_id = number
        self._people[number].tracks.append(track_id)
        self._people[number].last_s = known.last_s
