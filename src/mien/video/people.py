"""People over time: the faces that the tracker follows, with pose, gaze and expression measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mien.tasks.expression import ExpressionTask
from mien.tasks.pipeline import CHUNK, CHUNK_PIXELS
from mien.tasks.task import Options, Task, known_tasks, ordered
from mien.types import Analysis
from mien.video.dynamics import Seen
from mien.video.tracking import Source, Tracking
from mien.video.tracks import TrackedFrame

#: What is measured on every face; expression only where its weights are.
TASKS = ("pose", "gaze", "expression")
#: Follows and measures at once: gaze needs its irises.
FOLLOWER = "facemesh.attention"
_TRACKER_HAS = ("detect", "landmarks")


class People:
    """Iterating, once, yields each frame of a video with its faces; ``face_ids`` are track ids.

    Pose, gaze and expression are read from the mesh that followed the face, many frames at a time:
    nothing is detected again. ``person_of`` tells whose a track was, for good once all frames were
    yielded; the tracker may recognise somebody late. ``tasks``: some of TASKS. Further options are
    those of Tracking, ``identities=False`` among them: no templates, each track a person. To be
    closed (``with``). Raises what Tracking raises, ModelNotFoundError without a task's weights.
    """

    def __init__(
        self, source: Source, *, tasks: Sequence[str] | None = None, **options: Any
    ) -> None:
        self._tracking = Tracking(source, **{"follower": FOLLOWER} | options)
        self._tasks = _built(tasks, self._tracking.options)

    def __enter__(self) -> People:
        """Return itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the video if it was opened here."""
        self._tracking.__exit__(*error)

    def __iter__(self) -> Iterator[Seen]:
        """Yield the frames in order."""
        batch: list[TrackedFrame] = []
        pixels = 0
        for frame in self._tracking:
            batch.append(frame)
            pixels += frame.image.size_wh[0] * frame.image.size_wh[1]
            if len(batch) == CHUNK or pixels >= CHUNK_PIXELS:
                yield from self._measured(batch)
                batch, pixels = [], 0
        yield from self._measured(batch)
        self._tracking.result()

    def person_of(self, face_id: str) -> str:
        """Return the person whom a track shows, as far as is known: the first track's id."""
        return str(self._tracking.person_of(int(face_id)))

    def _measured(self, batch: Sequence[TrackedFrame]) -> list[Seen]:
        images = [frame.image for frame in batch]
        analyses = [
            Analysis(frame.image.source, None, frame.image.size_wh, frame.faces) for frame in batch
        ]
        # Heads take no batch without a face.
        for task in self._tasks if any(len(frame.faces) for frame in batch) else ():
            analyses = task(images, analyses)
        return [
            Seen(frame.image, analysis.found, tuple(map(str, frame.track_id.tolist())))
            for frame, analysis in zip(batch, analyses, strict=True)
        ]


def why_no_expression(*, device: str = "cpu") -> str | None:
    """Return why expressions cannot be read in this installation, or ``None``."""
    return ExpressionTask(Options(device=device)).missing()


def _built(names: Sequence[str] | None, options: Options) -> list[Task]:
    """Build what the tracker has not done yet. Raises ModelNotFoundError."""
    if names is None:
        missing = ExpressionTask(options).missing() is not None
        names = [name for name in TASKS if not (missing and name == "expression")]
    known = known_tasks()
    return [known[name](options) for name in ordered(names) if name not in _TRACKER_HAS]
