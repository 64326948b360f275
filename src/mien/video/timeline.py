"""Timelines: who is on screen when, as a document, as rows and as WebVTT."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from mien.video.tracks import Person, Track, TrackSet

SCHEMA_VERSION = "1.0"
#: One row a face a frame.
COLUMNS = (
    *("time_s", "shot", "person_id", "name", "track_id", "x0", "y0", "x1", "y1"),
    *("detection_score", "detected"),
)
#: How long the one frame of a video of one frame is shown, s.
_ONE_FRAME_S = 0.04


def frame_s(tracks: TrackSet) -> float:
    """Return how long a frame is shown on average, s."""
    return tracks.duration_s / (tracks.frames - 1) if tracks.frames > 1 else _ONE_FRAME_S


def label(person: Person) -> str:
    """Return what to call a person: the name by the gallery, else the number."""
    return f"Person {person.person_id}" if person.name is None else person.name


def to_document(tracks: TrackSet) -> dict[str, Any]:
    """Return plain Python values: the video, its people with their appearances, its tracks."""
    width, height = tracks.size_wh
    return {
        "schema_version": SCHEMA_VERSION,
        "source": tracks.source,
        "width": width,
        "height": height,
        "frames": tracks.frames,
        "duration_s": round(tracks.duration_s, 4),
        "every": tracks.every,
        "model_id": tracks.model_id,
        "shots_s": [round(start, 4) for start in tracks.shots_s],
        "people": [_person(tracks, person) for person in tracks.people],
        "tracks": [_track(track) for track in tracks.tracks],
        "problems": list(tracks.problems),
    }


def write_csv(file: IO[str], tracks: TrackSet) -> None:
    """Write one row a face a frame, in order of time, then of tracks."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    names = {person.person_id: person.name for person in tracks.people}
    rows = [
        (float(time_s), track.track_id, moment)
        for track in tracks.tracks
        for moment, time_s in enumerate(track.times_s)
    ]
    known = {track.track_id: track for track in tracks.tracks}
    for time_s, track_id, moment in sorted(rows):
        track = known[track_id]
        writer.writerow(
            [
                round(time_s, 4),
                track.shot,
                track.person_id,
                names.get(track.person_id),
                track_id,
                *np.round(track.boxes_xyxy[moment].astype(float), 2).tolist(),
                round(float(track.detection_score[moment]), 4),
                int(track.detected[moment]),
            ]
        )


def to_vtt(tracks: TrackSet) -> str:
    """Return the appearances as WebVTT: one cue a track, named by its person.

    A cue lasts from the first to the end of the last frame of its track; cues of people who are on
    screen together overlap. Source: W3C WebVTT, section 4.
    """
    names = {person.person_id: label(person) for person in tracks.people}
    shown_s = frame_s(tracks)
    cues = sorted(tracks.tracks, key=lambda track: (track.start_s, track.track_id))
    parts = ["WEBVTT"]
    for track in cues:
        times = f"{_clock(track.start_s)} --> {_clock(track.end_s + shown_s)}"
        parts.append(f"track {track.track_id}\n{times}\n{_cue_text(names[track.person_id])}")
    return "\n\n".join(parts) + "\n"


def appearances(tracks: TrackSet, person: Person) -> Iterator[tuple[Track, float, float]]:
    """Yield a person's tracks with when each begins, and when its last frame ends, s."""
    shown_s = frame_s(tracks)
    for track in tracks.of(person):
        yield track, track.start_s, track.end_s + shown_s


def _person(tracks: TrackSet, person: Person) -> dict[str, Any]:
    seen = [
        {"track_id": track.track_id, "start_s": round(start, 4), "end_s": round(end, 4)}
        for track, start, end in appearances(tracks, person)
    ]
    return {
        "person_id": person.person_id,
        "name": person.name,
        "seconds": round(sum(part["end_s"] - part["start_s"] for part in seen), 4),
        "appearances": seen,
        "answer": None if person.answer is None else person.answer.to_dict(),
    }


def _track(track: Track) -> dict[str, Any]:
    quality = track.quality
    return {
        "track_id": track.track_id,
        "person_id": track.person_id,
        "shot": track.shot,
        "support": round(track.support, 4),
        "quality": None if quality is None else round(quality, 2),
        "times_s": np.round(track.times_s, 4).tolist(),
        "boxes_xyxy": np.round(track.boxes_xyxy.astype(float), 2).tolist(),
        "detection_score": np.round(track.detection_score.astype(float), 4).tolist(),
        "detected": track.detected.tolist(),
    }


def _clock(time_s: float) -> str:
    whole_ms = round(time_s * 1000)
    minutes, ms = divmod(whole_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{ms // 1000:02}.{ms % 1000:03}"


def _cue_text(text: str) -> str:
    """Return text as a cue may hold it: one line, markup escaped, never an arrow."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
