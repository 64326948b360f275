"""What ``mien track`` does: track, write the timeline, print who was seen."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import typer

from mien.apps.cli_analyze import steps
from mien.apps.cluster_work import check_outputs
from mien.apps.gallery_work import opened
from mien.apps.lost_streams import until_lost
from mien.apps.stopping import stopping
from mien.apps.terminal import INTERRUPTED, OK, SOME_FAILED, console, is_terminal, printable, say
from mien.io.atomic import whole_file
from mien.render.report.timeline import Lane, Span, Timeline, clock, write_timeline
from mien.video.timeline import appearances, frame_s, label, to_document, to_vtt, write_csv
from mien.video.tracking import Tracking
from mien.video.tracks import Person, TrackedFrame, TrackSet


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where to write what; ``json`` "-" is stdout. ``lines``: tell of comings and goings."""

    json: str | None = None
    csv: Path | None = None
    vtt: Path | None = None
    html: Path | None = None
    lines: bool = False


def track(
    source: str,
    outputs: Outputs,
    *,
    gallery: Path | None,
    fpir: float,
    options: dict[str, Any],
) -> int:
    """Do it; return the exit code."""
    for path in (outputs.csv, outputs.vtt, outputs.html):
        check_outputs(None, path, outputs.json)
    opening = nullcontext(None) if gallery is None else opened(gallery)
    with opening as people, Tracking(source, gallery=people, fpir=fpir, **options) as tracking:
        stopped, lost = _run(tracking, outputs)
        tracks = tracking.result()
    tracks = replace(tracks, problems=(*tracks.problems, *lost))
    _write(tracks, outputs, complete=not stopped and not lost)
    for problem in tracks.problems:
        say(f"mien: {source}: {problem}")
    if stopped:
        say("mien: interrupted; what was seen up to here is written")
        return INTERRUPTED
    return SOME_FAILED if tracks.problems else OK


def _run(tracking: Tracking, outputs: Outputs) -> tuple[bool, list[str]]:
    """Go through the video; tell whether it was interrupted, and why a stream was given up."""
    lost: list[str] = []
    video = tracking.video
    total = None if video is None else video.facts.announced_frames
    with (
        stopping(tracking.stop, insist=True) as stopped,
        steps("following faces", 0 if total is None else total) as step,
    ):
        frames = until_lost(tracking, lost)
        for _ in _told(tracking, frames) if outputs.lines else frames:
            step()
    return bool(stopped), lost


def _told(tracking: Tracking, frames: Iterable[TrackedFrame]) -> Iterator[TrackedFrame]:
    """Print a line of JSON for each track that begins or ends, and for each person recognised."""
    here: dict[int, int] = {}
    last_s = 0.0
    for frame in frames:
        now = {number: tracking.person_of(number) for number in frame.track_id.tolist()}
        for track_id, person in now.items():
            if here.get(track_id) != person:
                event = "begins" if track_id not in here else "recognised"
                _line(event, frame.time_s, track_id, person)
        for track_id in [number for number in here if not tracking.lasts(number)]:
            _line("ended", last_s, track_id, tracking.person_of(track_id))
            del here[track_id]
        here |= now
        last_s = frame.time_s
        yield frame
    for track_id in here:
        _line("ended", last_s, track_id, tracking.person_of(track_id))


def _line(event: str, time_s: float, track_id: int, person_id: int) -> None:
    fields = {"event": event, "time_s": round(time_s, 4)}
    typer.echo(jsonlib.dumps(fields | {"track_id": track_id, "person_id": person_id}))


def _write(tracks: TrackSet, outputs: Outputs, *, complete: bool) -> None:
    document = to_document(tracks) | {"complete": complete}
    text = jsonlib.dumps(document, allow_nan=False)
    if outputs.csv is not None:
        with whole_file(outputs.csv, newline="") as file:
            write_csv(file, tracks)
    if outputs.vtt is not None:
        with whole_file(outputs.vtt) as file:
            file.write(to_vtt(tracks))
    if outputs.html is not None:
        write_timeline(outputs.html, timeline_page(tracks))
    if outputs.json is not None and outputs.json != "-":
        with whole_file(outputs.json) as file:
            file.write(text + "\n")
    if outputs.lines:
        return
    asked_for_none = not any((outputs.json, outputs.csv, outputs.vtt, outputs.html))
    if outputs.json == "-" or (asked_for_none and not is_terminal()):
        typer.echo(text)
    else:
        _show(tracks)


def timeline_page(tracks: TrackSet) -> Timeline:
    """Return the page of a video: everybody in order of first appearance."""
    return Timeline(
        source=str(tracks.source),
        duration_s=tracks.duration_s + frame_s(tracks) if tracks.frames else 0.0,
        frames=tracks.frames,
        shots_s=tracks.shots_s,
        lanes=[_lane(tracks, person) for person in tracks.people],
        problems=tracks.problems,
    )


def _lane(tracks: TrackSet, person: Person) -> Lane:
    spans = [
        Span(start, end, _quality(track.quality), track.picture)
        for track, start, end in appearances(tracks, person)
    ]
    shown_s = sum(part.end_s - part.start_s for part in spans)
    times = "1 appearance" if len(spans) == 1 else f"{len(spans):,} appearances"
    return Lane(label(person), f"{clock(shown_s)} on screen, {times}", spans)


def _quality(quality: float | None) -> str:
    return "no template" if quality is None else f"quality {quality:.0f} of 100"


def _show(tracks: TrackSet) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("person", "on screen", "from", "to", "appearances", "quality"):
        table.add_column(heading)
    for person in tracks.people:
        seen = list(appearances(tracks, person))
        quality = None if person.template is None else person.template.quality
        table.add_row(
            printable(label(person)),
            clock(sum(end - start for _, start, end in seen)),
            clock(min(start for _, start, _ in seen)),
            clock(max(end for _, _, end in seen)),
            str(len(seen)),
            "-" if quality is None else f"{quality[0]:.0f}",
        )
    console().print(table)
    if not tracks.people:
        console().print(f"nobody in {tracks.frames:,} frames", style="dim")
