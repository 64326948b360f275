"""What ``mien cluster`` does: analyse, group, write crops, a contact sheet and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import typer

from mien.apps.cli_analyze import steps
from mien.apps.terminal import OK, SOME_FAILED, is_terminal, say
from mien.errors import ImageReadError, InputError
from mien.io import find_images, read_image
from mien.io.atomic import whole_file
from mien.recognition.cluster import Clustering
from mien.recognition.cluster import cluster as group_templates
from mien.recognition.questions import Question, questions
from mien.render.crops import crops
from mien.render.report.sheet import Sheet, Thumb, write_sheet
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis, Image, Templates

#: A page of more faces would not open in a browser; the JSON has all.
MOST_SHOWN = 4000
_THUMB_PX = 112
_CROP_PX = 256


@dataclass(frozen=True, slots=True, eq=False)
class _Collection:
    """Photos that were read, with their analyses, and the photo and row of every face."""

    analyses: Sequence[Analysis]
    failures: dict[str, str]

    @property
    def faces(self) -> list[tuple[int, int]]:
        return [(p, row) for p, a in enumerate(self.analyses) for row in range(len(a.found))]

    def templates(self) -> Templates | None:
        """Return the templates of all faces, ``None`` where there is no face."""
        parts = [a.templates for a in self.analyses if a.templates is not None and len(a.found)]
        return Templates.concatenate(parts) if parts else None


def cluster(
    paths: Sequence[Path],
    *,
    out: Path | None,
    report: Path | None,
    json_to: str | None,
    method: str,
    threshold: float | None,
    options: dict[str, Any],
) -> int:
    """Do it; return the exit code."""
    check_outputs(out, report, json_to)
    collection = _analyse(list(dict.fromkeys(find_images(paths))), options)
    templates = collection.templates()
    if templates is None:
        say("mien: no face was found")
        templates = Templates(np.zeros((0, 1), np.float32), np.zeros(0, np.float32), "none")
    faces = collection.faces
    photos = [photo for photo, _ in faces]
    grouped = group_templates(templates, photos=photos, method=method, threshold=threshold)
    asked = _questions(grouped, photos)
    document = _document(collection, grouped, asked) | {
        "model_id": templates.model_id if faces else None,
        "method": method,
    }
    if out is not None:
        _write_crops(out, collection, grouped)
    if report is not None:
        write_sheet(report, _sheet(collection, grouped, asked))
    _tell(document, json_to)
    return SOME_FAILED if collection.failures else OK


def check_outputs(out: Path | None, report: Path | None, json_to: str | None) -> None:
    """Refuse what would fail after the work is done."""
    for path in (report, None if json_to in (None, "-") else Path(str(json_to))):
        if path is not None and not path.absolute().parent.is_dir():
            raise InputError(f"{path}: its folder does not exist")
        if path is not None and path.is_dir():
            raise InputError(f"{path}: is a folder, expected the name of a file to write")
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out}: is there already, expected a new or empty folder")


def _analyse(files: Sequence[Path], options: dict[str, Any]) -> _Collection:
    analyzer = Analyzer(("embed",), **options)
    read, failures = [], {}
    with steps("finding faces", len(files)) as step:
        for path, analysis in zip(files, analyzer.analyze_many(files), strict=True):
            if analysis.error is None:
                read.append(analysis)
            else:
                failures[str(path)] = analysis.error.message
                say(f"mien: {analysis.error.message}")
            step()
    return _Collection(read, failures)


def _questions(grouped: Clustering, photos: Sequence[int]) -> list[Question]:
    """Return what to ask, but for groups that meet in a photo: they are two people."""
    clusters = grouped.clusters
    met: dict[int, list[int]] = {}
    for face, photo in enumerate(photos):
        met.setdefault(photo, []).append(face)
    apart = ((a, b) for row in met.values() for i, a in enumerate(row) for b in row[i + 1 :])
    return questions(clusters.labels, grouped.links, clusters.cut, apart=apart)


def _document(
    collection: _Collection, grouped: Clustering, asked: Sequence[Question]
) -> dict[str, Any]:
    clusters, faces = grouped.clusters, collection.faces
    uncertain = set(clusters.uncertain.tolist())

    def record(face: int) -> dict[str, Any]:
        photo, row = faces[face]
        analysis = collection.analyses[photo]
        box = [round(side, 2) for side in analysis.found[row].box]
        return {"source": analysis.source, "face_index": row, "box": box}

    def member(face: int) -> dict[str, Any]:
        support = round(float(clusters.support[face]), 4)
        return record(face) | {"support": support, "uncertain": face in uncertain}

    groups = [clusters.members(label).tolist() for label in range(len(clusters.sizes))]
    return {
        "cut": clusters.cut,
        "pictures": len(collection.analyses),
        "faces": len(faces),
        "failed": [{"source": s, "message": m} for s, m in collection.failures.items()],
        "groups": [
            {"person": number, "size": len(group), "faces": [member(face) for face in group]}
            for number, group in enumerate(groups, start=1)
        ],
        "alone": [record(face) for face in np.flatnonzero(clusters.labels < 0).tolist()],
        "questions": [
            {
                "left": record(q.left),
                "right": record(q.right),
                "strength": round(q.strength, 4),
                "moves": q.moves,
            }
            for q in asked
        ],
    }


def _cut_out(
    collection: _Collection, wanted: set[int], size_px: int
) -> Iterator[tuple[int, Image | None]]:
    """Yield the crop of each wanted face, photo by photo; ``None`` where it cannot be read."""
    first = 0
    for analysis in collection.analyses:
        rows = range(first, first + len(analysis.found))
        first = rows.stop
        here = [face for face in rows if face in wanted]
        if not here:
            continue
        assert analysis.source is not None
        try:
            image = read_image(analysis.source)
            chosen = analysis.found[[face - rows.start for face in here]]
            made: list[Image | None] = list(crops(image, chosen, size_px=size_px))
        except ImageReadError:
            made = [None] * len(here)
        yield from zip(here, made, strict=True)


def _write_crops(out: Path, collection: _Collection, grouped: Clustering) -> None:
    labels, faces = grouped.clusters.labels.tolist(), collection.faces
    for face, crop in _cut_out(collection, set(range(len(faces))), _CROP_PX):
        if crop is None:
            continue
        photo, row = faces[face]
        person = "alone" if labels[face] < 0 else f"person-{labels[face] + 1:04}"
        folder = out / person
        folder.mkdir(parents=True, exist_ok=True)
        # Photos of two folders may have one name: the face's number tells their crops apart.
        stem = Path(str(collection.analyses[photo].source)).stem
        _, encoded = cv2.imencode(".jpg", np.ascontiguousarray(crop.pixels[:, :, ::-1]))
        (folder / f"{stem}-{row + 1}-{face:06}.jpg").write_bytes(encoded.tobytes())


def _sheet(collection: _Collection, grouped: Clustering, asked: Sequence[Question]) -> Sheet:
    clusters, faces = grouped.clusters, collection.faces
    groups = [clusters.members(label).tolist() for label in range(len(clusters.sizes))]
    alone = np.flatnonzero(clusters.labels < 0).tolist()
    shown = set([*(face for group in groups for face in group), *alone][:MOST_SHOWN])
    asked_about = {face for q in asked for face in (q.left, q.right)}
    pictured = dict(_cut_out(collection, shown | asked_about, _THUMB_PX))
    uncertain = set(clusters.uncertain.tolist())

    def thumb(face: int, *, linked: bool = True) -> Thumb:
        photo, row = faces[face]
        support = float(clusters.support[face]) if linked else None
        source = str(collection.analyses[photo].source)
        return Thumb(pictured[face], source, row + 1, support, linked and face in uncertain)

    kept = [[thumb(face) for face in group if face in shown] for group in groups]
    return Sheet(
        groups=[group for group in kept if group],
        alone=[thumb(face, linked=False) for face in alone if face in shown],
        asked=[(thumb(q.left, linked=False), thumb(q.right, linked=False), _why(q)) for q in asked],
        pictures=len(collection.analyses),
        left_out=len(faces) - len(shown),
        failures=collection.failures,
    )


def _why(question: Question) -> str:
    moved = "1 face" if question.moves == 1 else f"{question.moves:,} faces"
    return f"mean link {question.strength:.2f}; a yes moves {moved}"


def _tell(document: dict[str, Any], json_to: str | None) -> None:
    """Write JSON where asked, and a line for the person at the terminal."""
    text = json.dumps(document, indent=1)
    if json_to is not None and json_to != "-":
        with whole_file(json_to) as file:
            file.write(text + "\n")
    if json_to == "-" or (json_to is None and not is_terminal()):
        typer.echo(text)
        return
    sizes = [group["size"] for group in document["groups"]]
    say(
        f"{len(sizes):,} people in {document['pictures']:,} photos: {sum(sizes):,} faces grouped, "
        f"{len(document['alone']):,} alone, {len(document['questions'])} questions worth asking"
    )
