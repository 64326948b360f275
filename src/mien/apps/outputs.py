"""The files that a job leaves: JSON, CSV and the report, streamed from its journal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import mien
from mien.apps.job import Input, read_again, records
from mien.apps.journal import Journal
from mien.io.atomic import whole_file
from mien.models import ModelSpec
from mien.render.outlines import from_plain
from mien.render.report import Report
from mien.render.table import columns, rows, write_csv
from mien.tasks.pipeline import Analyzer

SCHEMA_VERSION = "1.0"


def model_facts(spec: ModelSpec) -> dict[str, Any]:
    """Return what a result needs to say about a model that ran."""
    return {
        "name": spec.name,
        "model_id": spec.model_id,
        "task": spec.task,
        "use": spec.use,
        "licence": spec.licence,
    }


def write_json(file: IO[str], images: Iterable[Mapping[str, Any]], *, analyzer: Analyzer) -> None:
    """Write the document of an analysis, one picture a line."""
    head = {
        "schema_version": SCHEMA_VERSION,
        "mien_version": mien.__version__,
        "models": [model_facts(spec) for spec in analyzer.models],
        "skipped": dict(analyzer.skipped),
    }
    file.write(json.dumps(head, indent=1)[:-2] + ',\n "images": [')
    for number, image in enumerate(images):
        file.write(("\n  " if number == 0 else ",\n  ") + json.dumps(image, allow_nan=False))
    file.write("\n ]\n}\n")


def save_json(path: Path, inputs: Sequence[Input], journal: Journal, *, analyzer: Analyzer) -> None:
    """Write the JSON file."""
    with whole_file(path) as file:
        write_json(file, records(inputs, journal), analyzer=analyzer)


def save_csv(path: Path, inputs: Sequence[Input], journal: Journal) -> None:
    """Write the CSV file; which columns there are is known only after all rows."""
    names = columns(rows(records(inputs, journal)))
    with whole_file(path, newline="") as file:
        write_csv(file, rows(records(inputs, journal)), names)


def save_report(
    path: Path,
    inputs: Sequence[Input],
    journal: Journal,
    *,
    analyzer: Analyzer,
    on_done: Callable[[], None] = lambda: None,
) -> None:
    """Write the HTML report; the pictures are read again."""
    models, skipped = analyzer.models, analyzer.skipped
    with Report(path, expected=len(inputs), models=models, skipped=skipped) as report:
        for item in inputs:
            record, plain = journal.read(item.path)
            lines = [[from_plain(line) for line in face] for face in plain]
            image = None
            if record["error"] is None and not report.is_full:
                image = read_again(item.path, max_pixels=analyzer.max_pixels)
            report.add_record(record, lines, image)
            on_done()
