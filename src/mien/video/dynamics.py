"""All that is read from faces over time: series, events, blink rates and pulse, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mien.errors import InputError
from mien.tasks.crops import meshes
from mien.types import Analysis, Face, Faces, Image
from mien.types.arrays import Array
from mien.video.event import Event, in_order
from mien.video.pulse.reading import PulseReading, pulse
from mien.video.pulse.skin import SkinColour, skin_colour, skin_rgb
from mien.video.series import FaceSeries, face_series
from mien.video.signals.blinks import Blinks, blinks
from mien.video.signals.expressions import expressions
from mien.video.signals.fixations import fixations
from mien.video.signals.gaze_between import gaze_between, gaze_events
from mien.video.signals.head_gestures import head_gestures
from mien.video.signals.mouth import mouth_activity

SCHEMA = "mien.dynamics/1"


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One frame with its faces, and which face of the video each is."""

    image: Image
    faces: Faces
    face_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Dynamics:
    """What was read from a video; the keys of ``blinks`` and ``pulse`` are face ids.

    ``frames``: how many were used; ``dropped``: those whose time did not go on.
    """

    series: tuple[FaceSeries, ...]
    events: tuple[Event, ...]
    blinks: Mapping[str, Blinks]
    pulse: Mapping[str, tuple[PulseReading, ...]]
    frames: int
    dropped: int
    duration_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain Python values: faces, events; no series."""
        return {
            "schema": SCHEMA,
            "frames": self.frames,
            "dropped_frames": self.dropped,
            "duration_s": round(self.duration_s, 4),
            "faces": [self._face(one) for one in self.series],
            "events": [_rounded(event.to_dict()) for event in self.events],
        }

    def _face(self, series: FaceSeries) -> dict[str, Any]:
        seen = series.times_s[series.present]
        record: dict[str, Any] = {
            "face_id": series.face_id,
            "first_s": float(seen[0]),
            "last_s": float(seen[-1]),
            "rows_seen": int(series.present.sum()),
        }
        if series.face_id in self.blinks:
            rate = self.blinks[series.face_id].rate
            record["blinks"] = {
                "n": rate.n,
                "per_minute": rate.value,
                "low": rate.low,
                "high": rate.high,
                "exposure_s": self.blinks[series.face_id].exposure_s,
            }
        record["pulse"] = [
            {
                "start_s": reading.start_s,
                "end_s": reading.end_s,
                "rate_bpm": reading.rate_bpm,
                "not_measurable_because": reading.reason if reading.rate_bpm is None else None,
                "snr_db": reading.snr_db,
            }
            for reading in self.pulse.get(series.face_id, ())
        ]
        plain: dict[str, Any] = _rounded(record)
        return plain


@dataclass(slots=True)
class _Rows:
    """What is kept of one face while frames go by."""

    faces: dict[int, Face] = field(default_factory=dict)
    skin: dict[int, Array] = field(default_factory=dict)


def dynamics(
    frames: Iterable[Seen],
    *,
    window_s: float = 12.0,
    person_of: Callable[[str], str] | None = None,
) -> Dynamics:
    """Read everything from frames in order of time; ``window_s``: of the pulse.

    ``person_of`` is asked behind the last frame: ids that it gives one name become one series, as
    tracks of one person do, who is not in view twice. Signals are read from what was measured,
    unsmoothed. Keeps about 10 KB a face and frame; pixels go. Raises InputError for a frame without
    ``timestamp_s``.
    """
    rows: dict[str, _Rows] = {}
    times: list[float] = []
    dropped = 0
    for seen in frames:
        time_s = seen.image.timestamp_s
        if time_s is None:
            raise InputError("frame: has no timestamp_s; mien.io.video.open_video gives frames one")
        if times and time_s <= times[-1]:
            dropped += 1
            continue
        _keep(rows, seen, len(times))
        times.append(time_s)
    rows = rows if person_of is None else _by_person(rows, person_of)
    series = [_series(face_id, kept, times) for face_id, kept in rows.items()]
    readings = {
        face_id: tuple(pulse(_skin(kept, times), window_s=window_s))
        for face_id, kept in rows.items()
        if kept.skin
    }
    blinked = {one.face_id: blinks(one) for one in series if one.landmarks_px is not None}
    duration_s = times[-1] - times[0] if times else 0.0
    found = events_of(series, blinked, readings)
    return Dynamics(tuple(series), tuple(found), blinked, readings, len(times), dropped, duration_s)


def events_of(
    series: Sequence[FaceSeries],
    blinked: Mapping[str, Blinks],
    readings: Mapping[str, Sequence[PulseReading]],
) -> list[Event]:
    """Return the events of all signals whose columns the series have, in order of time.

    ``pulse``: windows where it was measurable, strength in beats a minute.
    """
    found = [event for one in blinked.values() for event in one.events]
    for one in series:
        if one.landmarks_px is not None:
            found += mouth_activity(one)
        if one.pose_deg is not None:
            found += head_gestures(one)
        if one.gaze_direction is not None:
            found += fixations(one)
        if one.expression is not None:
            found += expressions(one)
    looking = [
        one for one in series if one.gaze_direction is not None and one.landmarks_px is not None
    ]
    found += gaze_events(gaze_between(looking))
    for face_id, parts in readings.items():
        for part in parts:
            if part.rate_bpm is not None:
                span = (part.start_s, part.end_s)
                found.append(Event("pulse", *span, (face_id,), part.rate_bpm, "beats/min"))
    return in_order(found)


def _keep(rows: dict[str, _Rows], seen: Seen, number: int) -> None:
    analysis = Analysis(None, None, seen.image.size_wh, seen.faces)
    (mesh,) = meshes([analysis])
    for index, face_id in enumerate(seen.face_ids):
        kept = rows.setdefault(face_id, _Rows())
        kept.faces[number] = seen.faces[index]
        if len(mesh):
            kept.skin[number] = skin_rgb(seen.image, mesh[index])


def _by_person(rows: Mapping[str, _Rows], person_of: Callable[[str], str]) -> dict[str, _Rows]:
    people: dict[str, _Rows] = {}
    for face_id, kept in rows.items():
        person = people.setdefault(person_of(face_id), _Rows())
        person.faces |= kept.faces
        person.skin |= kept.skin
    return people


def _series(face_id: str, kept: _Rows, times: Sequence[float]) -> FaceSeries:
    """Build the series from the first to the last frame with the face."""
    numbers = range(min(kept.faces), max(kept.faces) + 1)
    return face_series([(times[n], kept.faces.get(n)) for n in numbers], face_id=face_id)


def _skin(kept: _Rows, times: Sequence[float]) -> SkinColour:
    numbers = range(min(kept.skin), max(kept.skin) + 1)
    return skin_colour((times[n], kept.skin.get(n)) for n in numbers)


def _rounded(value: Any) -> Any:
    """Return plain values with four decimals; what is not a number becomes ``None``."""
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value
