"""Tracks: where one face was from one moment to another, in columns, and whose it was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.recognition.identify import Identification
from mien.types import Faces, Image, Templates
from mien.types.arrays import BoolArray, FloatArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFrame:
    """One frame with the faces that are followed through it.

    ``faces`` carry ``five`` and the mesh that followed them, ``mesh468`` or ``mesh478``; their
    ``detection_score`` is that of the last detection. ``track_id (N,)`` int64, ``detected (N,)``:
    the detector confirmed the face in this very frame. ``merit (N,)``: side in px x cos² of the
    yaw x presence, to choose among crops of one face. ``shot`` counts the cuts before the frame.
    """

    image: Image
    index: int
    time_s: float
    shot: int
    faces: Faces
    track_id: IntArray
    detected: BoolArray
    merit: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face from its appearance until it was lost or cut away, T moments in order of time.

    ``times_s (T,)`` float64 from the first frame of the video; ``boxes_xyxy (T,4)`` px;
    ``five (T,5,2)`` px; ``detection_score (T,)`` of the last detection; ``detected (T,)``: it was
    made in that frame. ``support``: the share of looks of the detector, from the first to the last
    detection, that saw the face. ``template``: one row, the weighted mean of what was embedded, and
    ``quality`` 0..100 the mean unified quality of that; ``None`` where nothing was. ``person_id``
    is the ``track_id`` of the first track of the same person. ``picture``: its best crop.
    """

    track_id: int
    person_id: int
    shot: int
    times_s: FloatArray
    boxes_xyxy: FloatArray
    five: FloatArray
    detection_score: FloatArray
    detected: BoolArray
    support: float
    template: Templates | None = None
    picture: Image | None = None

    def __post_init__(self) -> None:
        """Check that all columns have one row a moment, in order of time."""
        columns = {
            "times_s": checked("Track.times_s", self.times_s, ("T",), dtype=np.float64),
            "boxes_xyxy": checked("Track.boxes_xyxy", self.boxes_xyxy, ("T", 4)),
            "five": checked("Track.five", self.five, ("T", 5, 2)),
            "detection_score": checked("Track.detection_score", self.detection_score, ("T",)),
            "detected": checked("Track.detected", self.detected, ("T",), dtype=np.bool_),
        }
        same_length("Track", **{name: len(column) for name, column in columns.items()})
        for name, column in columns.items():
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        """Return the number of moments."""
        return len(self.times_s)

    @property
    def start_s(self) -> float:
        """When it was first seen."""
        return float(self.times_s[0])

    @property
    def end_s(self) -> float:
        """When it was last seen."""
        return float(self.times_s[-1])

    @property
    def quality(self) -> float | None:
        """Mean unified quality 0..100 of the crops that were embedded."""
        if self.template is None or self.template.quality is None:
            return None
        return float(self.template.quality[0])


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """One person of a video: the tracks that the recogniser took for one, in order of time.

    ``person_id`` is the first track's id. ``template``: one row over all of them. ``name`` and
    ``answer``: who it is by a gallery; both ``None`` where none was asked.
    """

    person_id: int
    track_ids: tuple[int, ...]
    template: Templates | None = None
    name: str | None = None
    answer: Identification | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TrackSet:
    """Everybody in a video: ``tracks`` in order of their ids, ``people`` of theirs.

    ``shots_s``: when each shot begins, the first at 0 (none in a video without frames);
    ``frames``, ``duration_s``: how much was seen, up to and with the last frame. ``every``: the
    detector looked at every so-manieth frame of a shot. ``model_id`` of the templates,
    ``None`` where none were made. ``problems``: what could not be decoded.
    """

    source: str | None
    size_wh: tuple[int, int]
    frames: int
    duration_s: float
    every: int
    shots_s: tuple[float, ...]
    tracks: tuple[Track, ...]
    people: tuple[Person, ...]
    model_id: str | None
    problems: tuple[str, ...] = ()

    def of(self, person: Person) -> tuple[Track, ...]:
        """Return a person's tracks."""
        wanted = set(person.track_ids)
        return tuple(track for track in self.tracks if track.track_id in wanted)
