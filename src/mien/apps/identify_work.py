"""What ``mien identify`` does: search every face of the pictures, and say who it is, or nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mien.apps.gallery_work import opened, print_json, wants_json
from mien.apps.terminal import OK, SOME_FAILED, console, printable, say
from mien.gallery.sqlite import SqliteGallery
from mien.io import find_images
from mien.recognition.identify import Identification
from mien.recognition.pinned import analyzer_for
from mien.recognition.searching import identify_in


def identify(
    paths: Sequence[Path],
    folder: Path,
    *,
    fpir: float,
    prior: float,
    as_json: bool,
    options: dict[str, Any],
) -> int:
    """Identify every face; return the exit code."""
    failed = 0
    faces = []
    with opened(folder) as gallery:
        for analysis in analyzer_for(gallery, **options).analyze_many(find_images(paths)):
            if analysis.error is not None:
                failed += 1
                say(f"mien: {analysis.error.message}")
            elif analysis.templates is not None and len(analysis.found):
                answers = identify_in(gallery, analysis.templates, fpir=fpir, prior=prior)
                for face, answer in zip(analysis.found, answers, strict=True):
                    named = {"name": _name(gallery, answer)} | answer.to_dict()
                    box = [round(side, 2) for side in face.box]
                    found = {"source": analysis.source, "face_index": face.index, "box": box}
                    faces.append(found | named)
        document = {"model_id": gallery.model_id, "fpir": fpir, "faces": faces}
    if wants_json(as_json):
        print_json(document)
    else:
        _show(faces)
    return SOME_FAILED if failed else OK


def _name(gallery: SqliteGallery, answer: Identification) -> str | None:
    if answer.subject_id is None:
        return None
    return gallery.subject(answer.subject_id).called


def _show(faces: Iterable[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("picture", "face", "who", "score", "probability nobody"):
        table.add_column(heading)
    for face in faces:
        best = face["candidates"][0]["score"] if face["candidates"] else None
        nobody = face["probability_nobody"]
        table.add_row(
            printable(str(face["source"])),
            str(face["face_index"] + 1),
            printable(face["name"] or "nobody here"),
            "-" if best is None else f"{best:.3f}",
            "-" if nobody is None else f"{nobody:.3f}",
        )
    console().print(table)
