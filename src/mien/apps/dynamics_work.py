"""What ``mien dynamics`` does: read a video, write series and events, tell what happened."""

from __future__ import annotations

import json as jsonlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from mien.apps.cli_analyze import steps
from mien.apps.cluster_work import check_outputs
from mien.apps.terminal import OK, SOME_FAILED, console, is_terminal, say
from mien.errors import NoFaceError
from mien.io.arrow import load_arrow
from mien.io.atomic import whole_file
from mien.io.video import Video, open_video
from mien.tasks.expression import ExpressionTask
from mien.tasks.pipeline import Analyzer
from mien.tasks.task import Options
from mien.types import Image
from mien.video.dynamics import TASKS, Dynamics, dynamics, largest_face
from mien.video.series_file import write_events, write_series
from mien.video.signals.one_euro import smoothed


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where to write what; ``json`` "-" is stdout."""

    series: Path | None
    events: Path | None
    json: str | None
    landmarks: bool
    smooth: bool


def read(source: str, outputs: Outputs, *, window_s: float, jobs: int | None, device: str) -> int:
    """Do it; return the exit code."""
    check_outputs(None, outputs.series, outputs.json)
    check_outputs(None, outputs.events, None)
    if outputs.series is not None or outputs.events is not None:
        load_arrow()
    options = {} if jobs is None else {"threads": jobs}
    analyzer = Analyzer(_tasks(device), device=device, **options)
    with open_video(source) as video:
        rate_hz, duration_s = video.facts.rate_hz, video.facts.duration_s
        total = round(rate_hz * duration_s) if rate_hz and duration_s else 0
        with steps("reading faces", total) as step:
            images = _counted(video, step)
            found = dynamics(largest_face(images, analyzer), window_s=window_s)
        problems = list(video.problems)
    for problem in problems:
        say(f"mien: {source}: {problem}")
    if not found.series:
        raise NoFaceError(f"{source}: no face in {found.frames} frames")
    _write(found, outputs)
    document = {"source": source, "problems": problems} | found.to_dict()
    text = jsonlib.dumps(document, allow_nan=False)
    if outputs.json not in (None, "-"):
        with whole_file(str(outputs.json)) as file:
            file.write(text + "\n")
    if outputs.json == "-" or (not is_terminal() and outputs.json is None):
        typer.echo(text)
    else:
        _tell(found)
    return SOME_FAILED if problems else OK


def _tasks(device: str) -> tuple[str, ...]:
    """Return what to run: expression only where its weights are installed."""
    missing = ExpressionTask(Options(device=device)).missing()
    if missing is not None:
        say(f"mien: without expressions: {missing}")
    return TASKS if missing is None else tuple(name for name in TASKS if name != "expression")


def _counted(video: Video, step: Callable[..., None]) -> Iterator[Image]:
    for image in video:
        yield image
        step()


def _write(found: Dynamics, outputs: Outputs) -> None:
    series = [smoothed(one) for one in found.series] if outputs.smooth else found.series
    if outputs.series is not None:
        write_series(series, outputs.series, landmarks=outputs.landmarks)
    if outputs.events is not None:
        write_events(found.events, outputs.events)


def _tell(found: Dynamics) -> None:
    out = console()
    out.print(f"{found.frames} frames, {found.duration_s:.1f} s, {len(found.series)} series")
    for one in found.series:
        mine = [event for event in found.events if event.face_ids[0] == one.face_id]
        counts = Counter(f"{event.kind} {event.label}".strip() for event in mine)
        listed = ", ".join(f"{n} x {kind}" for kind, n in sorted(counts.items()))
        first, last = one.times_s[[0, -1]].tolist()
        out.print(f"face {one.face_id}, {first:.1f} to {last:.1f} s: {listed or 'no event'}")
        if one.face_id in found.blinks:
            rate = found.blinks[one.face_id].rate
            out.print(f"  blinks a minute: {rate}")
        for reading in found.pulse.get(one.face_id, ()):
            span = f"  pulse {reading.start_s:.0f} to {reading.end_s:.0f} s:"
            if reading.rate_bpm is None:
                out.print(f"{span} not measurable: {reading.reason}")
            else:
                out.print(f"{span} {reading.rate_bpm:.0f} a minute (research, not medical)")
