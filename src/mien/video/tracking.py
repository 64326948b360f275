"""Tracking: a video in, everybody in it out; or frame by frame, while it runs."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.gallery import Gallery
from mien.io.video import Video, open_video
from mien.models import load
from mien.recognition.identify import FPIR
from mien.recognition.pinned import options_of
from mien.render.crops import crops
from mien.tasks.pipeline import Analyzer
from mien.tasks.task import Options
from mien.types import Faces, Image
from mien.video.frames import Frame, frames_of
from mien.video.identities import Identities
from mien.video.naming import named
from mien.video.sampling import Embedder
from mien.video.tracker import LOW_SCORE, Ended, Tracker
from mien.video.tracks import Person, Track, TrackedFrame, TrackSet

#: The detector looks at every so-manieth frame unless told: three times a second at 25 fps.
EVERY = 8
#: Smallest face that is looked for unless told: below it the recogniser knows nobody.
MIN_FACE_PX = 24.0
#: The network that follows: half the time of the attention mesh, which embeds.
FOLLOWER = "facemesh.plain"
_PICTURE_PX = 112
Source = str | Path | Video | Iterable[Image]


def track(source: Source, **options: Any) -> TrackSet:
    """Track the faces of a video: who is to be seen when; options are those of Tracking."""
    with Tracking(source, **options) as tracking:
        for _ in tracking:
            pass
        return tracking.result()


@dataclass(slots=True, eq=False)
class _Columns:
    """What is collected of one track."""

    shot: int
    times_s: array[float] = field(default_factory=lambda: array("d"))
    boxes: array[float] = field(default_factory=lambda: array("f"))
    five: array[float] = field(default_factory=lambda: array("f"))
    scores: array[float] = field(default_factory=lambda: array("f"))
    detected: bytearray = field(default_factory=bytearray)
    picture: Image | None = None
    merit: float = -1.0


class Tracking:
    """Tracks a video as it is iterated: yields each TrackedFrame; ``result`` says who was seen.

    ``source``: file, URL, camera, opened Video, or Images in order of time with ``timestamp_s``.
    ``every``: the detector looks at every so-manieth frame, and where a face was lost; between, the
    mesh follows. ``identities=False``: tracks without templates and people. ``gallery`` names the
    people, at ``fpir``; at ``return_fpir`` a new face is taken for one that was there before.
    ``lost_s``: how long a face that is not to be seen is waited for. Further options are those of
    Analyzer. Each face of each frame takes 69 bytes of ``result``; nothing else grows with the
    length. ``follower``: the mesh network that follows. Raises VideoReadError, InputError,
    ModelError without operating points.
    """

    def __init__(
        self,
        source: Source,
        *,
        every: int = EVERY,
        identities: bool = True,
        gallery: Gallery | None = None,
        fpir: float = FPIR,
        return_fpir: float = FPIR,
        lost_s: float = 2.0,
        follower: str = FOLLOWER,
        **options: Any,
    ) -> None:
        if every < 1:
            raise InputError(f"every: got {every}, expected 1 or more")
        if gallery is not None and not identities:
            raise InputError("gallery: names people, which takes identities")
        if gallery is not None and gallery.model_id is not None:
            options |= options_of(gallery.model_id, options)
        self.every = every
        self._gallery, self._fpir, self._return_fpir = gallery, fpir, return_fpir
        options = {"min_face_px": MIN_FACE_PX, "min_score": LOW_SCORE} | options
        self._detector = Analyzer(("detect",), threads=1, **options)
        self._identities = self._known(self._detector.options) if identities else None
        mesh = load(follower, device=self._detector.options.device, threads=1)
        self._tracker = Tracker(self._detect, mesh, identities=self._identities, lost_s=lost_s)
        self._stop = threading.Event()
        self._open = ExitStack()
        self._images: Iterable[Image] = self._opened(source)
        self._columns: dict[int, _Columns] = {}
        self._ended: dict[int, Ended] = {}
        self._shots_s: list[float] = []
        self._frames, self._last_s = 0, 0.0
        self._size_wh = (0, 0)
        self._source: str | None = None

    def __enter__(self) -> Tracking:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the video if it was opened here."""
        self._open.close()

    def __iter__(self) -> Iterator[TrackedFrame]:
        """Yield the frames with their faces; to be iterated once."""
        for frame in frames_of(
            self._images, every=self.every, detect=self._detect, stop=self._stop
        ):
            yield self._step(frame)

    def stop(self) -> None:
        """End the iteration after the frame that is at work, from any thread or signal handler."""
        self._stop.set()

    def result(self) -> TrackSet:
        """Return what was tracked up to here; after that nothing more is followed."""
        self._tracker.finish()
        self._collect_ended()
        tracks = [self._track(number) for number in sorted(self._columns)]
        seen = {} if self._identities is None else self._identities.people()
        people = [Person(number, *of) for number, of in seen.items()]
        if self._identities is None:
            people = [Person(track.track_id, (track.track_id,)) for track in tracks]
        done = TrackSet(
            self._source,
            self._size_wh,
            self._frames,
            self._last_s,
            self.every,
            tuple(self._shots_s),
            tuple(tracks),
            tuple(people),
            self.model_id,
            tuple(self._images.problems) if isinstance(self._images, Video) else (),
        )
        return done if self._gallery is None else named(done, self._gallery, fpir=self._fpir)

    @property
    def options(self) -> Options:
        """What was chosen about the analysis of faces."""
        return self._detector.options

    @property
    def model_id(self) -> str | None:
        """The id of the templates, ``None`` without identities."""
        return None if self._identities is None else self._identities.model_id

    @property
    def embedded(self) -> int:
        """How many crops were embedded so far."""
        return 0 if self._identities is None else self._identities.embedded

    @property
    def video(self) -> Video | None:
        """The video that is read, where it is one."""
        return self._images if isinstance(self._images, Video) else None

    def person_of(self, track_id: int) -> int:
        """Return the person that a track shows, as far as is known."""
        if track_id in self._ended:
            return self._ended[track_id].person_id
        return self._tracker.person_of(track_id)

    def lasts(self, track_id: int) -> bool:
        """Tell whether a track that began has not ended, though its face may be lost for now."""
        return track_id in self._columns and track_id not in self._ended

    def _known(self, options: Options) -> Identities:
        return Identities(Embedder(options), fpir=self._return_fpir)

    def _opened(self, source: Source) -> Iterable[Image]:
        if isinstance(source, str | Path):
            return self._open.enter_context(open_video(source))
        return source

    def _detect(self, image: Image) -> Faces:
        (analysis,) = self._detector.run([image])
        return analysis.found

    def _step(self, frame: Frame) -> TrackedFrame:
        if not self._frames:
            self._size_wh, self._source = frame.image.size_wh, frame.image.source
        if frame.shot == len(self._shots_s):
            self._shots_s.append(frame.time_s)
        self._frames, self._last_s = self._frames + 1, frame.time_s
        tracked = self._tracker.step(frame)
        self._collect(tracked)
        self._collect_ended()
        return tracked

    def _collect(self, tracked: TrackedFrame) -> None:
        faces = tracked.faces
        for row, track_id in enumerate(tracked.track_id.tolist()):
            column = self._columns.setdefault(track_id, _Columns(tracked.shot))
            column.times_s.append(tracked.time_s)
            column.boxes.extend(faces.boxes.xyxy[row].tolist())
            column.five.extend(faces.landmarks["five"].points[row].ravel().tolist())
            column.scores.append(float(faces.detection_score[row]))
            column.detected.append(bool(tracked.detected[row]))
            if tracked.merit[row] > column.merit:
                (column.picture,) = crops(tracked.image, faces[[row]], size_px=_PICTURE_PX)
                column.merit = float(tracked.merit[row])

    def _collect_ended(self) -> None:
        for ended in self._tracker.ended:
            self._ended[ended.track_id] = ended
        self._tracker.ended.clear()

    def _track(self, track_id: int) -> Track:
        column, ended = self._columns[track_id], self._ended[track_id]
        return Track(
            track_id,
            ended.person_id,
            column.shot,
            np.array(column.times_s),
            np.array(column.boxes, np.float32).reshape(-1, 4),
            np.array(column.five, np.float32).reshape(-1, 5, 2),
            np.array(column.scores, np.float32),
            np.frombuffer(bytes(column.detected), np.uint8),
            ended.support,
            ended.template,
            column.picture,
        )
