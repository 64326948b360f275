"""The job "video": who is to be seen when in a video file, as ``mien track`` tells it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from pydantic import ConfigDict, Field

from mien.apps.server.bodies import BodyOptions
from mien.apps.server.engine import Engine
from mien.apps.server.jobs.folders import Roots, readable
from mien.apps.server.jobs.kind import Kind, register
from mien.apps.server.jobs.work import JOURNAL, StoppedError, Work
from mien.errors import VideoReadError
from mien.gallery import Gallery
from mien.io.video import Video, open_video
from mien.io.video_source import need_av
from mien.recognition.pinned import options_of
from mien.render.report.picture import data_uri
from mien.types import Image
from mien.types.arrays import FloatArray
from mien.video.naming import named
from mien.video.timeline import appearances
from mien.video.tracking import EVERY, Tracking
from mien.video.tracks import Person, Track, TrackSet

#: A box is told no sooner than this after the one before, s; the first and last always are.
BOX_PERIOD_S = 0.25
_THUMBNAIL_PX = 96
#: While requests' pictures queue, the next frame waits; looked again after so long.
_WAIT_S = 0.02
_MOST_PROBLEMS = 3


class VideoJob(BodyOptions):
    """Which file; whether its people are named by the gallery; how often the detector looks."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "video", "file": "2024/party.mp4", "name": True}]}
    )
    kind: Literal["video"]
    file: str = Field(min_length=1, max_length=4096)
    name: bool = Field(
        default=False, description="Search the people in the gallery; needs the scope search too."
    )
    every: int = Field(default=EVERY, ge=1, le=250, description="Detect at each so-manieth frame.")


@register
class VideoTracks(Kind[VideoJob]):
    """Results: a line a track: whose, when, boxes, a thumbnail. A kill starts the video again."""

    name: ClassVar[str] = "video"
    scope: ClassVar[str] = "analyse"
    needs_gallery: ClassVar[bool] = False
    options = VideoJob

    def scopes(self, options: VideoJob) -> tuple[str, ...]:
        """Names of people are answers of a search."""
        return (self.scope, "search") if options.name else (self.scope,)

    def asks_gallery(self, options: VideoJob) -> bool:
        """Only names come from it."""
        return options.name

    def title(self, options: VideoJob, roots: Roots) -> str:
        """Name the file. Raises MissingExtraError where videos cannot be read."""
        need_av()
        roots.file(options.file)
        return f"follow faces in {options.file}"

    def run(self, options: VideoJob, work: Work, engine: Engine) -> str:
        """Track from the first frame on: where a tracker was is not kept."""
        (work.folder / JOURNAL).unlink(missing_ok=True)
        given = engine.settings.options | {"max_pixels": engine.settings.max_pixels}
        if options.name:
            given |= engine.answer(partial(_options_for, given=given))
        with (
            _opened(work.roots, options.file) as video,
            Tracking(video, every=options.every, **given) as tracking,
        ):
            try:
                _follow(tracking, video, work, engine)
            except StoppedError:
                _record(tracking.result(), work, options)
                raise
            tracks = tracking.result()
        if options.name:
            tracks = engine.answer(partial(_named, tracks))
        _record(tracks, work, options)
        return _told(tracks)


def _options_for(gallery: Gallery, given: dict[str, Any]) -> dict[str, Any]:
    return {} if gallery.model_id is None else options_of(gallery.model_id, given)


def _named(tracks: TrackSet, gallery: Gallery) -> TrackSet:
    return tracks if gallery.model_id is None else named(tracks, gallery)


@contextmanager
def _opened(roots: Roots, asked: str) -> Iterator[Video]:
    """Open the very file that was checked; errors name it as the caller did."""
    with roots.opened(roots.file(asked)) as file:
        source = Path(f"/dev/fd/{file}")
        if not source.exists():
            source = roots.file(asked)
        try:
            with open_video(source) as video:
                yield video
        except VideoReadError as error:
            said = str(error).replace(str(source), asked)
            raise VideoReadError(readable(said)) from error


def _follow(tracking: Tracking, video: Video, work: Work, engine: Engine) -> None:
    """Go through all frames; ``done`` counts them, never beyond what the file announces."""
    total = video.facts.announced_frames
    if total is not None:
        work.begin(total)
    for frame in tracking:
        if total is None or frame.index < total:
            work.step()
        while engine.batcher.waiting:
            time.sleep(_WAIT_S)
            work.look()


def _record(tracks: TrackSet, work: Work, options: VideoJob) -> None:
    people = {number: person for person in tracks.people for number in person.track_ids}
    ends = {
        track.track_id: end_s
        for person in tracks.people
        for track, _, end_s in appearances(tracks, person)
    }
    with work.journal({"options": options.model_dump(mode="json")}) as journal:
        for track in tracks.tracks:
            number = track.track_id
            journal.add(str(number), None, _line(track, people[number], ends[number]), [])


def _line(track: Track, person: Person, end_s: float) -> dict[str, Any]:
    answer = person.answer
    rows = thinned(track.times_s)
    return {
        "track_id": track.track_id,
        "person_id": track.person_id,
        "name": person.name,
        "subject_id": None if answer is None else answer.subject_id,
        "shot": track.shot,
        "start_s": round(track.start_s, 4),
        "end_s": round(end_s, 4),
        "support": round(track.support, 4),
        "quality": None if track.quality is None else round(track.quality, 2),
        "times_s": np.round(track.times_s[rows], 4).tolist(),
        "boxes_xyxy": np.round(track.boxes_xyxy[rows].astype(float), 2).tolist(),
        "thumbnail": None if track.picture is None else _thumbnail(track.picture),
    }


def thinned(times_s: FloatArray) -> list[int]:
    """Return the rows that are told: the first, each BOX_PERIOD_S after the last told, the last."""
    rows = [0]
    for row, time_s in enumerate(times_s.tolist()):
        if time_s - times_s[rows[-1]] >= BOX_PERIOD_S:
            rows.append(row)
    return rows if rows[-1] == len(times_s) - 1 else [*rows, len(times_s) - 1]


def _thumbnail(picture: Image) -> str:
    """Return a JPEG in base64."""
    size = (_THUMBNAIL_PX, _THUMBNAIL_PX)
    small = cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA)
    return data_uri(Image(small.astype(np.uint8, copy=False))).partition(",")[2]


def _told(tracks: TrackSet) -> str:
    parts = [
        f"{len(tracks.people):,} people in {len(tracks.tracks):,} tracks, "
        f"{tracks.frames:,} frames, {tracks.duration_s:.1f} s",
        *tracks.problems[:_MOST_PROBLEMS],
    ]
    if len(tracks.problems) > _MOST_PROBLEMS:
        parts.append(f"{len(tracks.problems) - _MOST_PROBLEMS} more problems")
    return "; ".join(parts)
