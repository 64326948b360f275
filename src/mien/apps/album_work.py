"""What ``mien album`` and ``mien cluster --gallery`` do: call, then print."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import typer

from mien.apps.cli_analyze import steps
from mien.apps.cluster_work import MOST_SHOWN, check_outputs
from mien.apps.gallery_work import embedded, print_json, require_encrypted, wants_json
from mien.apps.terminal import OK, SOME_FAILED, is_terminal, printable, say
from mien.errors import ImageReadError
from mien.gallery import Reference
from mien.gallery.edit_log import Change, LoggedEdit
from mien.io import find_images, read_image
from mien.io.atomic import whole_file
from mien.recognition import album
from mien.recognition.enrol import Progress, enrol_faces
from mien.recognition.pinned import analyzer_for
from mien.render.crops import crops
from mien.render.report.sheet import Sheet, Thumb, write_sheet
from mien.types import Boxes, Faces, Image

_THUMB_PX = 112
_Asked = Sequence[tuple[Any, Reference, Reference]]


def cluster(
    paths: Sequence[Path],
    folder: Path,
    *,
    report: Path | None,
    json_to: str | None,
    keep_crops: bool = False,
    method: str,
    threshold: float | None,
    options: dict[str, Any],
) -> int:
    """Enrol every face of the pictures, group all faces of the gallery; return the exit code."""
    check_outputs(None, report, json_to)
    files = list(dict.fromkeys(find_images(paths)))
    with embedded(folder, create=True) as gallery:
        if keep_crops:
            require_encrypted(gallery)
        analyzer = analyzer_for(gallery, **options)
        with steps("finding faces", len(files)) as step:
            progress = enrol_faces(
                gallery, files, analyzer=analyzer, keep_crops=keep_crops, on_done=step
            )
        for left in progress.left:
            if left.failed:
                say(f"mien: {left.reason}")
        moved = album.group(gallery, method=method, threshold=threshold)
        contents = album.read(gallery)
        asked = album.ask(gallery, method=method, threshold=threshold)
    if report is not None:
        write_sheet(report, _sheet(contents, asked, progress))
    document = _document(contents, asked) | {
        "pictures": progress.n_pictures,
        "new_faces": progress.n_enrolled,
        "moved": moved,
        "failed": [{"source": x.source, "message": x.reason} for x in progress.left if x.failed],
    }
    _tell(document, json_to)
    return SOME_FAILED if document["failed"] else OK


def show(folder: Path, *, report: Path | None, as_json: bool) -> None:
    """Print the groups."""
    check_outputs(None, report, None)
    with embedded(folder) as gallery:
        contents = album.read(gallery)
    if report is not None:
        write_sheet(report, _sheet(contents, [], Progress()))
    if wants_json(as_json):
        print_json(_document(contents, []))
        return
    for subject_id, faces in contents.groups.items():
        name = contents.subjects[subject_id].name
        shown = "" if name is None else f"  {printable(name)}"
        typer.echo(f"{subject_id:8}  {len(faces):6,} faces{shown}")


def ask(folder: Path, *, most: int, as_json: bool) -> None:
    """Print what to ask."""
    with embedded(folder) as gallery:
        asked = album.ask(gallery, most=most)
    if wants_json(as_json):
        print_json({"questions": _questions(asked)})
        return
    for question, left, right in asked:
        groups = f"{left.subject_id} and {right.subject_id}"
        typer.echo(f"are {groups} one person? a yes moves {question.moves:,} faces")
        for face in (left, right):
            typer.echo(f"    {printable(str(face.source))}, face {face.face_index + 1}")


def edit(folder: Path, verb: str, *arguments: Any, reason: str, as_json: bool) -> None:
    """Make one edit of recognition.album."""
    with embedded(folder) as gallery:
        number = getattr(album, verb)(gallery, *arguments, reason=reason)
        made = next(entry for entry in reversed(gallery.edits()) if entry.edit_id == number)
    _tell_edit(made, "", as_json=as_json)


def undo(folder: Path, *, reason: str, as_json: bool) -> None:
    """Take back the last edit."""
    with embedded(folder) as gallery:
        last = album.undo(gallery, reason=reason)
    _tell_edit(last, "took back: ", as_json=as_json)


def log(folder: Path, *, as_json: bool) -> None:
    """Print the edits, one JSON document a line, or a line of text each."""
    with embedded(folder) as gallery:
        for entry in gallery.edits():
            if wants_json(as_json):
                typer.echo(json.dumps(entry.to_dict()))
            else:
                when = f"{entry.at:%Y-%m-%d %H:%M:%S} UTC"
                typer.echo(printable(f"{when}  {entry.actor}  {_words(entry.change)}"))


def _tell_edit(entry: LoggedEdit, before: str, *, as_json: bool) -> None:
    if wants_json(as_json):
        print_json(entry.to_dict())
    else:
        typer.echo(before + _words(entry.change))


def _words(change: Change) -> str:
    groups = ", ".join(str(number) for number in sorted(change.subject_ids))
    moved = f", {len(change.moves):,} faces moved" if change.moves else ""
    return printable(f"{change.kind} {groups}{moved}")


def _document(contents: album.Contents, asked: _Asked) -> dict[str, Any]:
    groups = [
        {
            "subject_id": subject_id,
            "name": contents.subjects[subject_id].name,
            "size": len(faces),
            "faces": [_face(face) for face in faces],
        }
        for subject_id, faces in contents.groups.items()
    ]
    return {"faces": len(contents.references), "groups": groups, "questions": _questions(asked)}


def _face(reference: Reference) -> dict[str, Any]:
    box = None if reference.box is None else [round(side, 2) for side in reference.box]
    return {
        "reference_id": reference.reference_id,
        "source": reference.source,
        "face_index": reference.face_index,
        "box": box,
    }


def _questions(asked: _Asked) -> list[dict[str, Any]]:
    return [
        {
            "left": _face(left) | {"subject_id": left.subject_id},
            "right": _face(right) | {"subject_id": right.subject_id},
            "strength": round(question.strength, 4),
            "moves": question.moves,
        }
        for question, left, right in asked
    ]


def _sheet(contents: album.Contents, asked: _Asked, progress: Progress) -> Sheet:
    groups = [faces for faces in contents.groups.values() if len(faces) > 1]
    alone = [faces[0] for faces in contents.groups.values() if len(faces) == 1]
    shown = [*(face for faces in groups for face in faces), *alone][:MOST_SHOWN]
    wanted = {face.reference_id: face for face in shown}
    wanted |= {face.reference_id: face for _, left, right in asked for face in (left, right)}
    pictures = _pictured(wanted.values())

    def thumb(face: Reference) -> Thumb:
        picture = pictures.get(face.reference_id)
        return Thumb(picture, str(face.source), face.face_index + 1, None, False)

    numbers = {face.reference_id for face in shown}
    kept = [[thumb(f) for f in faces if f.reference_id in numbers] for faces in groups]
    return Sheet(
        groups=[faces for faces in kept if faces],
        alone=[thumb(face) for face in alone if face.reference_id in numbers],
        asked=[(thumb(left), thumb(right), f"a yes moves {q.moves:,}") for q, left, right in asked],
        pictures=len(set(contents.photos)),
        left_out=len(contents.references) - len(shown),
        failures={x.source: x.reason for x in progress.left if x.failed},
    )


def _pictured(references: Iterable[Reference]) -> Mapping[int, Image]:
    """Cut faces out of their photos again; those whose photo is gone are left out."""
    by_source: dict[str, list[Reference]] = {}
    for reference in references:
        if reference.source is not None and reference.box is not None:
            by_source.setdefault(reference.source, []).append(reference)
    found: dict[int, Image] = {}
    for source, faces in by_source.items():
        try:
            image = read_image(source)
        except ImageReadError:
            continue
        boxes = Boxes(np.array([face.box for face in faces], np.float32))
        columns = Faces(image.size_wh, boxes, np.ones(len(faces), np.float32))
        cut = crops(image, columns, size_px=_THUMB_PX)
        found |= {face.reference_id: crop for face, crop in zip(faces, cut, strict=True)}
    return found


def _tell(document: dict[str, Any], json_to: str | None) -> None:
    if json_to is not None and json_to != "-":
        with whole_file(json_to) as file:
            file.write(json.dumps(document, indent=1) + "\n")
    if json_to == "-" or (json_to is None and not is_terminal()):
        print_json(document)
        return
    sizes = [group["size"] for group in document["groups"]]
    say(
        f"{len(sizes):,} groups of {document['faces']:,} faces, {document['new_faces']:,} of them "
        f"new, {len(document['questions'])} questions worth asking: mien album ask"
    )
