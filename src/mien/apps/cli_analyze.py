"""``mien analyze``: run the job, write what was asked for, show the rest."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mien.apps.job import (
    Input,
    drawing_paths,
    expand,
    records,
    run,
    schemas_of,
    settings_of,
    with_outlines,
)
from mien.apps.journal import Journal
from mien.apps.outputs import save_csv, save_json, save_report, write_json
from mien.apps.shards import ShardFolder, Shards
from mien.apps.terminal import OK, SOME_FAILED, is_terminal, progress, say, show_faces
from mien.errors import InputError
from mien.tasks.pipeline import Analyzer


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    paths: Sequence[Path]
    tasks: str | None
    json: str | None
    csv: Path | None
    draw: Path | None
    report: Path | None
    jobs: int | None
    resume: bool
    landmarks: str
    device: str
    max_pixels: int | None
    options: dict[str, Any]
    on: str | None = None
    shards: Path | None = None


def analyze(request: Request) -> int:
    """Do it; return the exit code."""
    if request.on is not None or request.shards is not None:
        return analyze_in_bulk(request)
    analyzer = build(request)
    landmarks = schemas_of(request.landmarks)
    inputs = expand(request.paths, leave_out=request.draw)
    check_outputs(request, inputs)
    if not inputs:
        say(f"mien: no picture below {', '.join(map(str, request.paths))}")
    drawings = None if request.draw is None else drawing_paths(request.draw, inputs)
    settings = settings_of(analyzer, landmarks)
    with Journal(journal_path(request), settings, resume=request.resume) as journal:
        with steps("analysing", len(inputs)) as step:
            run(
                analyzer,
                inputs,
                journal,
                record=with_outlines(landmarks),
                drawings=drawings,
                on_done=step,
            )
        write_outputs(request, inputs, journal, analyzer)
        code = show(request, inputs, journal, analyzer)
    if len(inputs) == 1 and not request.resume:
        # One picture is soon done again; the journal of many stays, for --resume.
        journal.remove()
    return code


def analyze_in_bulk(request: Request) -> int:
    """Write Parquet shards on Ray; return the exit code."""
    if request.on is None or request.shards is None:
        raise InputError("--on and --shards go together: --on ray --shards FOLDER")
    if any(one is not None for one in (request.json, request.csv, request.draw, request.report)):
        raise InputError("--on ray: writes shards only, without --json, --csv, --draw, --report")
    analyzer = build(replace(request, jobs=1))
    landmarks = schemas_of(request.landmarks)
    paths = [item.path for item in expand(request.paths, leave_out=request.shards)]
    failed = 0
    for record in shards_of(
        analyzer,
        paths,
        request.shards,
        on=request.on,
        workers=request.jobs,
        landmarks=landmarks,
    ).failures():
        failed += 1
        say(f"mien: {told(record)}")
    say(f"mien: {len(paths):,} pictures in {request.shards}, {failed:,} with an error")
    return SOME_FAILED if failed else OK


def shards_of(
    analyzer: Analyzer,
    paths: Sequence[str],
    folder: Path,
    *,
    on: str,
    workers: int | None,
    landmarks: tuple[str, ...] = (),
) -> Shards:
    """Analyse what a folder of shards does not hold yet; returns its shards."""
    from mien.apps.bulk import cores_of, run_on_ray

    shards = ShardFolder(folder)
    settings = settings_of(analyzer, landmarks)
    blocks, missing = shards.begin(paths, settings, n_workers=cores_of(workers))
    with steps("analysing", len(paths)) as step:
        step(len(paths) - sum(len(block.paths) for block in missing))
        run_on_ray(
            analyzer,
            missing,
            folder,
            on=on,
            workers=workers,
            landmarks=landmarks,
            on_done=step,
        )
    shards.finish(blocks)
    return Shards(shards, blocks)


def build(request: Request) -> Analyzer:
    """Return the Analyzer that was asked for."""
    tasks = None
    if request.tasks is not None:
        tasks = tuple(name.strip() for name in request.tasks.split(",") if name.strip())
    limit = {} if request.max_pixels is None else {"max_pixels": request.max_pixels}
    return Analyzer(tasks, threads=request.jobs, device=request.device, **limit, **request.options)


def check_outputs(request: Request, inputs: Sequence[Input]) -> None:
    """Refuse what would fail, or do harm, after the work is done."""
    files = [request.csv, request.report, _file(request.json)]
    for path in files:
        if path is None:
            continue
        if not path.absolute().parent.is_dir():
            raise InputError(f"{path}: its folder does not exist")
        if path.is_dir():
            raise InputError(f"{path}: is a folder, expected the name of a file to write")
        if any(item.path == str(path) for item in inputs):
            raise InputError(f"{path}: is one of the pictures, and would be replaced")
    if request.resume and journal_path(request) is None:
        raise InputError("--resume needs --json FILE, --csv, --report or --draw to resume beside")


def journal_path(request: Request) -> Path | None:
    """Return where the journal stands: beside the first output that is a file."""
    for path in (_file(request.json), request.csv, request.report):
        if path is not None:
            regular = path.is_file() or not path.exists()
            return path.with_name(path.name + ".journal") if regular else None
    return None if request.draw is None else request.draw.with_name(request.draw.name + ".journal")


def write_outputs(
    request: Request, inputs: Sequence[Input], journal: Journal, analyzer: Analyzer
) -> None:
    """Write the files."""
    path = _file(request.json)
    if path is not None:
        save_json(path, inputs, journal, analyzer=analyzer)
    if request.csv is not None:
        save_csv(request.csv, inputs, journal)
    if request.report is not None:
        with steps("report", len(inputs)) as step:
            save_report(request.report, inputs, journal, analyzer=analyzer, on_done=step)


def show(request: Request, inputs: Sequence[Input], journal: Journal, analyzer: Analyzer) -> int:
    """Print JSON or a table; name the failures; return the exit code."""
    if request.json == "-" or (request.json is None and not is_terminal()):
        write_json(sys.stdout, records(inputs, journal), analyzer=analyzer)
    elif is_terminal():
        show_faces(records(inputs, journal), total=len(inputs))
        for task, reason in analyzer.skipped.items():
            say(f"mien: without {task}: {reason}")
    failed = 0
    for record in records(inputs, journal):
        if record["error"] is not None:
            failed += 1
            say(f"mien: {told(record)}")
    return SOME_FAILED if failed else OK


def told(record: Mapping[str, Any]) -> str:
    """Return a failure as one line that names its picture."""
    source, error = record["source"], record["error"]
    if error["message"].startswith(f"{source}: "):
        return str(error["message"])
    return f"{source}: {error['kind']}: {error['message']}"


@contextmanager
def steps(title: str, total: int) -> Iterator[Callable[..., None]]:
    """Yield what counts one step, or several, on a progress bar."""
    with progress() as shown:
        task = shown.add_task(title, total=total, rate="")

        def step(n: int = 1) -> None:
            shown.advance(task, n)
            speed = shown.tasks[0].speed
            shown.update(task, rate="" if speed is None else f"{speed:.0f}/s")

        yield step


def _file(json: str | None) -> Path | None:
    return None if json in (None, "-") else Path(str(json))
