"""The two watches: pictures that come into a folder, and people who come before a camera."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from threading import Event as Flag
from threading import Thread
from typing import Any

from mien.errors import MienError
from mien.gallery import Gallery
from mien.io.video import Patience, Video, open_video
from mien.recognition.searching import identify_in
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis, Image
from mien.video.watching.folder import Arrivals
from mien.video.watching.journal import WatchJournal
from mien.video.watching.presence import Change, Presence, Sighting
from mien.video.watching.receivers import Receiver, Telling

logger = logging.getLogger(__name__)
#: How long receivers may take to hear the last events when watching ends.
_LAST_WORDS_S = 5.0


@dataclass(frozen=True, slots=True)
class Who:
    """Names faces from a gallery, at a false positive identification rate; without one, nobody."""

    gallery: Gallery | None = None
    fpir: float = 0.05

    def named(self, analysis: Analysis) -> list[dict[str, Any]]:
        """Return subject_id, name, score and threshold of each face; ``None`` for nobody."""
        if self.gallery is None or analysis.templates is None or not len(analysis.templates):
            return [{} for _ in range(len(analysis.found))]
        answers = identify_in(self.gallery, analysis.templates, fpir=self.fpir)
        return [
            {
                "subject_id": answer.subject_id,
                "name": None
                if answer.subject_id is None
                else self.gallery.subject(answer.subject_id).called,
                "score": answer.candidates[0].candidate.score if answer.candidates else None,
                "threshold": answer.threshold.threshold,
            }
            for answer in answers
        ]


class Watch:
    """A journal, those who are told, and a flag that ends it; the watches below run on it."""

    def __init__(
        self,
        journal: WatchJournal,
        receivers: Sequence[Receiver],
        *,
        ending: Flag,
        most_waiting: int = 10_000,
    ) -> None:
        """Store the arguments. ``most_waiting``: events on disk that a receiver may be behind."""
        self.journal = journal
        self.ending = ending
        self.most_waiting = most_waiting
        self._names = [receiver.name for receiver in receivers]
        self._tellings = [Telling(journal, receiver) for receiver in receivers]

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell receivers what was left untold and what comes, until the block ends."""
        self.journal.introduce(self._names)
        for telling in self._tellings:
            telling.start()
        try:
            yield
        finally:
            self.notice()
            for telling in self._tellings:
                telling.end(wait_s=_LAST_WORDS_S)
        self.check()

    def notice(self) -> None:
        """Say that there are new events."""
        for telling in self._tellings:
            telling.notice()

    def check(self) -> None:
        """Raise the error that ended a receiver for good."""
        for telling in self._tellings:
            if telling.failure is not None:
                raise telling.failure

    def is_full(self) -> bool:
        """Tell whether as much waits as may."""
        return self.journal.waiting() >= self.most_waiting


def watch_folder(
    watch: Watch, arrivals: Arrivals, analyzer: Analyzer, who: Who, *, look_s: float = 1.0
) -> None:
    """Analyse what comes into a folder, each state of a picture once, until the flag is set.

    While receivers are too far behind no picture is taken: it waits where it is.
    """
    was_there = True
    while not watch.ending.is_set():
        watch.check()
        if not watch.is_full():
            _take(watch, arrivals, analyzer, who)
        if arrivals.is_there != was_there:
            was_there = arrivals.is_there
            logger.warning("%s: is %s", arrivals.folder, "back" if was_there else "away; waiting")
        watch.ending.wait(look_s)


def _take(watch: Watch, arrivals: Arrivals, analyzer: Analyzer, who: Who) -> None:
    ready = list(arrivals.look())
    analyses = analyzer.analyze_many(path for path, _ in ready)
    for (path, stamp), analysis in zip(ready, analyses, strict=True):
        if analysis.error is None or analysis.error.kind != "ImageNotFoundError":
            watch.journal.add_picture(path, stamp, _picture_event(analysis, who))
            arrivals.done(path, stamp)
            watch.notice()
        if watch.ending.is_set() or watch.is_full():
            return


def _picture_event(analysis: Analysis, who: Who) -> dict[str, Any]:
    record = analysis.to_dict(landmarks=())
    if analysis.error is None:
        faces = zip(record["faces"], who.named(analysis), strict=True)
        record["faces"] = [{**face, **named} for face, named in faces]
    return {"event": "picture", **record}


def watch_stream(
    watch: Watch,
    video: Video,
    analyzer: Analyzer,
    who: Who,
    *,
    presence: Presence,
    every_s: float = 0.5,
) -> None:
    """Tell who comes and goes, until the flag is set or a file ends; a stream is asked again.

    One frame every ``every_s`` is looked at; of a live stream always the newest, so that it never
    falls behind.
    """
    source = video.facts.source
    for person, kept in watch.journal.present().items():
        gone = {"event": "gone", "source": source, **kept, "reason": "watching was interrupted"}
        watch.journal.add_presence(person, gone, present=None)
    watch.notice()
    try:
        for image in _frames(video, watch.ending, every_s):
            watch.check()
            sightings = _sightings(analyzer, who, image)
            assert image.timestamp_s is not None
            _tell(watch, source, presence.see(image.timestamp_s, sightings))
    finally:
        _tell(watch, source, presence.end())
        for problem in video.problems:
            logger.warning("%s: %s", source, problem)


def open_stream(source: str, *, hwaccel: str | None = None) -> Video:
    """Open a stream that is asked again for ever, or a file. Raises VideoReadError."""
    patience = Patience(timeout_s=5.0, give_up_s=float("inf"), at_end=True)
    return open_video(source, hwaccel=hwaccel, patience=patience)


def _frames(video: Video, ending: Flag, every_s: float) -> Iterator[Image]:
    if not video.is_live:
        due_s = 0.0
        for image in video:
            if ending.is_set():
                return
            if image.timestamp_s is not None and image.timestamp_s >= due_s - 1e-6:
                due_s = image.timestamp_s + every_s
                yield image
        return
    yield from Newest(video, every_s=every_s).until(ending)


class Newest:
    """A thread that reads a live stream and keeps one frame: the newest."""

    def __init__(self, video: Video, *, every_s: float) -> None:
        """Store the arguments."""
        self._video = video
        self._every_s = every_s
        self._image: Image | None = None
        self._came, self._stop = Flag(), Flag()
        self._error: MienError | None = None
        self._ended = False

    def until(self, ending: Flag) -> Iterator[Image]:
        """Yield the newest frame every so often, until the flag is set or the stream is over."""
        Thread(target=self._read, name="frames", daemon=True).start()
        try:
            while not ending.is_set():
                if not self._came.wait(0.2):
                    continue
                self._came.clear()
                image, self._image = self._image, None
                if image is not None:
                    yield image
                    ending.wait(self._every_s)
                elif self._error is not None:
                    raise self._error
                elif self._ended:
                    return
        finally:
            self._stop.set()

    def _read(self) -> None:
        try:
            for image in self._video:
                self._image = image
                self._came.set()
                if self._stop.is_set():
                    return
        except MienError as error:
            self._error = error
        self._ended = True
        self._came.set()


def _sightings(analyzer: Analyzer, who: Who, image: Image) -> list[Sighting]:
    (analysis,) = analyzer.analyze_many([image])
    if analysis.error is not None or analysis.templates is None:
        return []
    return [
        Sighting(vector, named.get("subject_id"), named.get("name"), named.get("score"))
        for vector, named in zip(analysis.templates.vectors, who.named(analysis), strict=True)
    ]


def _tell(watch: Watch, source: str, changes: Sequence[Change]) -> None:
    for change in changes:
        fields = _plain(change)
        event = {"event": change.kind, "source": source, **fields}
        kept = fields if change.kind == "seen" else None
        watch.journal.add_presence(change.person, event, present=kept)
    lost = watch.journal.drop_oldest(watch.most_waiting) if changes else 0
    if lost:
        logger.warning("%s: %d events that nobody took are lost: too many wait", source, lost)
    watch.notice()


def _plain(change: Change) -> Mapping[str, Any]:
    fields = asdict(change)
    del fields["kind"]
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in fields.items()
    }
