"""What ``mien anonymize`` does: every picture and video of files and folders, one after the other.

Nothing is copied: what cannot be read is reported and has no output.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

import mien
from mien.apps.cli_analyze import steps, told
from mien.apps.gallery_work import opened
from mien.apps.job import Input, drawing_paths, expand
from mien.apps.journal import Journal, stamp_of
from mien.apps.terminal import OK, SOME_FAILED, is_terminal, say
from mien.errors import InputError, MienError
from mien.io import read_image
from mien.io.atomic import whole_file
from mien.io.bare_file import bare_name, frames_in, write_bare
from mien.io.files import VIDEO_SUFFIXES
from mien.protect.anonymizer import Anonymizer, anonymizer
from mien.protect.clip import anonymize_video, clip_name


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    paths: Sequence[Path]
    out: Path
    style: str
    strength: float | None
    keep: Sequence[str]
    only: Sequence[str]
    gallery: Path | None
    thorough: bool
    report: Path | None
    resume: bool
    overwrite: bool
    hold: int | None
    device: str
    json: bool


def anonymize(request: Request) -> int:
    """Do it; return the exit code."""
    inputs = _inputs(request)
    target_of = _targets(request, inputs)
    report = request.report
    if report is None:
        report = request.out.with_name(request.out.name + ".report.json")
    journal_path = report.with_name(report.name + ".journal")
    going_on = request.resume and journal_path.exists()
    if not (going_on or request.overwrite):
        _refuse_existing([target_of(item) for item in inputs])
    with nullcontext(None) if request.gallery is None else opened(request.gallery) as gallery:
        worker = anonymizer(
            request.style,
            strength=request.strength,
            keep=request.keep,
            only=request.only,
            gallery=gallery,
            thorough=request.thorough,
            device=request.device,
        )
        settings = {"mien_version": mien.__version__, **worker.settings, "hold": request.hold}
        with Journal(journal_path, settings, resume=request.resume) as journal:
            with steps("anonymizing", len(inputs)) as step:
                for item in inputs:
                    _one(worker, item, target_of(item), journal, hold=request.hold)
                    step()
            records = [journal.read(item.path)[0] for item in inputs]
    _write_report(report, settings, records)
    code = _show(request, worker, records, report)
    if code == OK:
        journal.remove()
    return code


def _inputs(request: Request) -> list[Input]:
    """Return pictures and videos, each once; what is below the output folder is left out."""
    pictures = expand(request.paths, leave_out=request.out)
    known = {item.path for item in pictures}
    videos = expand(request.paths, leave_out=request.out, suffixes=VIDEO_SUFFIXES)
    return [*pictures, *(item for item in videos if item.path not in known)]


def _targets(request: Request, inputs: Sequence[Input]) -> Callable[[Input], Path]:
    out, one_file = request.out, len(request.paths) == 1 and request.paths[0].is_file()
    if one_file and not out.is_dir() and out.suffix:
        target = out.with_name(_output_name(Path(inputs[0].path), out).name)
        if target != out:
            raise InputError(f"{out}: this kind cannot be written; {target.name} can")
        if target.exists() and target.samefile(inputs[0].path):
            raise InputError(f"{target}: would replace the picture itself; write elsewhere")
        return lambda item: target
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file, expected a folder to write to")
    return drawing_paths(out, inputs, rename=lambda name: _output_name(name, name))


def _output_name(source: Path, name: Path) -> Path:
    is_video = source.suffix.lower() in VIDEO_SUFFIXES
    return clip_name(name) if is_video else bare_name(name)


def _refuse_existing(targets: Sequence[Path]) -> None:
    there = [path for path in targets if path.exists()]
    if there:
        raise InputError(
            f"{there[0]}: is there already ({len(there)} of {len(targets)} outputs are); "
            "--overwrite replaces them, --resume goes on where a run stopped"
        )


def _one(
    worker: Anonymizer, item: Input, target: Path, journal: Journal, *, hold: int | None
) -> None:
    stamp = stamp_of(item.path)
    if journal.is_done(item.path, stamp) and target.exists():
        return
    record: dict[str, Any] = {"source": item.path, "output": None, "error": None}
    try:
        if Path(item.path).suffix.lower() in VIDEO_SUFFIXES:
            record |= anonymize_video(item.path, target, worker, hold=hold)
        else:
            record |= _picture(worker, item.path, target)
        record["output"] = str(target)
    except MienError as error:
        record["error"] = {"kind": type(error).__name__, "message": str(error)}
        stamp = None
    journal.add(item.path, stamp, record, [])


def _picture(worker: Anonymizer, path: str, target: Path) -> dict[str, Any]:
    image = read_image(path)
    done = worker.picture(image)
    write_bare(target, done.image)
    record = {
        "kind": "picture",
        "source_sha256": image.content_sha256,
        "output_sha256": hashlib.sha256(target.read_bytes()).hexdigest(),
        "size_wh": list(image.size_wh),
        "faces": [one.to_dict() for one in done.found],
    }
    pictures = frames_in(path)
    if pictures > 1:
        record["note"] = f"holds {pictures} pictures; the output has the first one only"
    return record


def _write_report(path: Path, settings: dict[str, Any], records: list[dict[str, Any]]) -> None:
    document = {"settings": settings, "totals": _totals(records), "files": records}
    with whole_file(path) as file:
        json.dump(document, file, indent=1)
        file.write("\n")


def _totals(records: list[dict[str, Any]]) -> dict[str, int]:
    faces = [face for record in records for face in record.get("faces", ())]
    return {
        "files": len(records),
        "failed": sum(record["error"] is not None for record in records),
        "without_a_face": sum(
            record["error"] is None and not record.get("faces") and not record.get("sightings")
            for record in records
        ),
        "faces_covered": sum(face["covered"] for face in faces),
        "faces_left_open": sum(not face["covered"] for face in faces),
        "frames": sum(record.get("frames", 0) for record in records),
    }


def _show(request: Request, worker: Anonymizer, records: list[dict[str, Any]], report: Path) -> int:
    totals = _totals(records)
    if request.json or not is_terminal():
        print_out = {"report": str(report), "settings": worker.settings, "totals": totals}
        typer.echo(json.dumps(print_out))
    else:
        typer.echo(", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in totals.items()))
        typer.echo(f"report: {report}")
    for record in records:
        if record["error"] is not None:
            say(f"mien: {told(record)}")
        elif "note" in record:
            say(f"mien: {record['source']}: {record['note']}")
    if worker.style.cosmetic:
        say(
            f"mien: {worker.style.name} is cosmetic: it does not hide who it was; "
            "--style solid protects"
        )
    if totals["without_a_face"]:
        say(
            f"mien: no face was found in {totals['without_a_face']:,} files: look at them; "
            "--thorough looks longer"
        )
    return SOME_FAILED if totals["failed"] else OK
