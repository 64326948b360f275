"""What ``mien watch`` does: open what was named, watch, and end on Ctrl-C and SIGTERM."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from typing import Any

from mien.apps.evaluate_work import cache_folder
from mien.apps.gallery_work import opened
from mien.apps.stopping import stopping
from mien.apps.terminal import INTERRUPTED, OK, say
from mien.io.video_source import without_password
from mien.models import get_spec
from mien.recognition.identify import gallery_threshold
from mien.recognition.operating import operating_point
from mien.recognition.pinned import analyzer_for
from mien.recognition.searching import stored
from mien.tasks.embed import template_model_id
from mien.tasks.pipeline import Analyzer
from mien.video.watching.folder import Arrivals
from mien.video.watching.journal import WatchJournal
from mien.video.watching.presence import Presence
from mien.video.watching.receivers import File, Lines, Receiver, Webhook
from mien.video.watching.watch import Watch, Who, open_stream, watch_folder, watch_stream

#: Strangers are one person from the threshold of this false match rate on.
_STRANGER_FMR = 1e-3


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    gallery: Path | None
    file: Path | None
    webhook: str | None
    journal: Path | None
    tasks: str
    fpir: float
    settle_s: float
    every_s: float
    hold_s: float
    most_waiting: int
    hwaccel: str | None
    options: dict[str, Any]


def watch(source: str, request: Request) -> int:
    """Watch until a signal, or the end of a file; return the exit code."""
    logging.basicConfig(format="mien: %(message)s", level=logging.WARNING)
    folder = Path(source).absolute() if Path(source).is_dir() else None
    name = str(folder) if folder is not None else without_password(source)
    # A stream's people need templates; a folder's faces only with a gallery that names them.
    embeds = folder is None or request.gallery is not None
    wanted = [task.strip() for task in request.tasks.split(",")] if folder is not None else []
    with ExitStack() as stack:
        who, analyzer = _who(stack, request, [*wanted, *["embed"] * embeds])
        journal = stack.enter_context(WatchJournal(_journal(request, name), name))
        ending = Flag()
        ended_by = stack.enter_context(stopping(ending.set, insist=False))
        watch = Watch(
            journal, _receivers(request), ending=ending, most_waiting=request.most_waiting
        )
        # A live stream is read by a thread that ends with the process: it is not closed under it.
        video = None if folder is not None else open_stream(source, hwaccel=request.hwaccel)
        with watch.telling():
            say(f"mien: watching {name}")
            if folder is not None:
                arrivals = Arrivals(folder, journal.watched(), settle_s=request.settle_s)
                watch_folder(
                    watch, arrivals, analyzer, who, look_s=min(1.0, request.settle_s + 0.1)
                )
            elif video is not None:
                presence = Presence(
                    _threshold(analyzer),
                    hold_s=request.hold_s,
                    return_threshold=_return_threshold(analyzer),
                )
                watch_stream(
                    watch, video, analyzer, who, presence=presence, every_s=request.every_s
                )
        waiting = journal.waiting()
        if waiting:
            say(f"mien: {waiting} events are not taken yet; the same command tells them")
        return INTERRUPTED if ended_by[:1] == [signal.SIGINT] else OK


def _who(stack: ExitStack, request: Request, tasks: list[str]) -> tuple[Who, Analyzer]:
    names = tuple(dict.fromkeys(tasks))
    if request.gallery is None:
        return Who(), Analyzer(names, **request.options)
    gallery = stack.enter_context(opened(request.gallery))
    return Who(gallery, request.fpir), analyzer_for(gallery, names, **request.options)


def _threshold(analyzer: Analyzer) -> float:
    spec = get_spec(analyzer.options.embedder)
    return operating_point(spec, _model_id(analyzer), fmr=_STRANGER_FMR).threshold


def _return_threshold(analyzer: Analyzer) -> Callable[[int], float]:
    """Return the rule by which the tracker knows people again: FPIR among so many who are gone."""
    points, _ = stored(_model_id(analyzer))
    return lambda size: gallery_threshold(points, gallery_size=size, extrapolate=True).threshold


def _model_id(analyzer: Analyzer) -> str:
    options = analyzer.options
    spec = get_spec(options.embedder)
    return template_model_id(spec, mesh=options.mesh, mirror=options.mirror)


def _journal(request: Request, name: str) -> Path:
    if request.journal is not None:
        return request.journal
    folder = cache_folder(None, off=False)
    assert folder is not None
    return folder / f"watch-{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:16]}.sqlite"


def _receivers(request: Request) -> list[Receiver]:
    receivers: list[Receiver] = []
    if request.file is not None:
        receivers.append(File(request.file))
    if request.webhook is not None:
        secret = os.environ.get("MIEN_WEBHOOK_SECRET")
        receivers.append(Webhook(request.webhook, secret=secret))
    return receivers or [Lines(_write)]


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
