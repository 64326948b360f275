"""What ``mien dynamics`` does: read a video, write series and events, tell what happened."""

from __future__ import annotations

import json as jsonlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from mien.apps.cli_analyze import steps
from mien.apps.cluster_work import check_outputs
from mien.apps.lost_streams import until_lost
from mien.apps.terminal import OK, SOME_FAILED, console, is_terminal, say
from mien.errors import InputError, NoFaceError
from mien.io.arrow import load_arrow
from mien.io.atomic import whole_file
from mien.io.video import open_video
from mien.io.video_source import Kind, kind_of
from mien.video.dynamics import Dynamics, Seen, dynamics
from mien.video.micro_events import MicroEvent, micro_events
from mien.video.micro_movement import REGIONS
from mien.video.people import People, why_no_expression
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
    micro: bool


def read(source: str, outputs: Outputs, *, window_s: float, identities: bool, device: str) -> int:
    """Do it; return the exit code."""
    check_outputs(None, outputs.series, outputs.json)
    check_outputs(None, outputs.events, None)
    if outputs.micro and kind_of(source) is not Kind.FILE:
        raise InputError(f"--micro: reads the video twice, and {source} is no file")
    if outputs.series is not None or outputs.events is not None:
        load_arrow()
    missing = why_no_expression(device=device)
    if missing is not None:
        say(f"mien: without expressions: {missing}")
    with open_video(source) as video, People(video, identities=identities, device=device) as people:
        offset_s = video.facts.audio_offset_s
        total = video.facts.announced_frames
        with steps("reading faces", 0 if total is None else total) as step:
            lost: list[str] = []
            seen = _counted(until_lost(people, lost), step)
            found = dynamics(seen, window_s=window_s, person_of=people.person_of)
        problems = [*video.problems, *lost]
    for problem in problems:
        say(f"mien: {source}: {problem}")
    if not found.series:
        raise NoFaceError(f"{source}: no face in {found.frames} frames")
    _write(found, outputs, offset_s)
    document = {
        "source": source,
        "problems": problems,
        "audio_offset_s": offset_s,
    } | found.to_dict()
    moved = _micro(source, found) if outputs.micro else []
    if outputs.micro:
        document["micro_movements"] = [one.to_dict() for one in moved]
    text = jsonlib.dumps(document, allow_nan=False)
    if outputs.json not in (None, "-"):
        with whole_file(str(outputs.json)) as file:
            file.write(text + "\n")
    if outputs.json == "-" or (not is_terminal() and outputs.json is None):
        typer.echo(text)
    else:
        _tell(found)
        _tell_micro(moved)
    return SOME_FAILED if problems else OK


def _counted(people: Iterable[Seen], step: Callable[..., None]) -> Iterator[Seen]:
    for seen in people:
        yield seen
        step()


def _micro(source: str, found: Dynamics) -> list[MicroEvent]:
    """Read the frames once more: which are wanted is known only now."""
    with open_video(source) as video:
        return micro_events(video, found.series, found.events)


def _tell_micro(moved: Sequence[MicroEvent]) -> None:
    for one in moved:
        event, movement = one.event, one.movement
        parts = zip(REGIONS, movement.strength.tolist(), strict=True)
        listed = ", ".join(f"{name.replace('_', ' ')} {strength:.3f}" for name, strength in parts)
        console().print(
            f"face {event.face_ids[0]}, {event.start_s:.2f} to {event.apex_s:.2f} s, "
            f"{event.label}: {listed}"
        )


def _write(found: Dynamics, outputs: Outputs, audio_offset_s: float | None) -> None:
    series = [smoothed(one) for one in found.series] if outputs.smooth else found.series
    if outputs.series is not None:
        write_series(
            series, outputs.series, landmarks=outputs.landmarks, audio_offset_s=audio_offset_s
        )
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
