"""Audit the shipped models and write docs/audits.

python -m benchmarks.audit --data ../shared/data [--cache FOLDER] [--only utkface]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.__main__ import provenance
from benchmarks.accuracy.attributes import main_distribution_only
from benchmarks.audit.near_copies import near_copies
from benchmarks.audit.sets import ADULTS, READ_GROUPS, SETS, UTKFACE_GROUPS, AuditedSet, without
from benchmarks.audit.spec_groups import spec_files, write_groups
from mien import Analyzer
from mien.evaluate.audit.card import card, facts, worst
from mien.evaluate.audit.face_readings import TASKS, FaceReadings, read_faces
from mien.evaluate.audit.model_card import model_card
from mien.evaluate.audit.page import drawing
from mien.evaluate.audit.result import Audit, plain
from mien.evaluate.audit.run import Request, audit_faces
from mien.evaluate.audit.settings import Settings
from mien.evaluate.readings import Readings
from mien.evaluate.store import Store
from mien.models.spec import read_spec
from mien.render.blocks import Block, Heading, Paragraph, to_markdown
from mien.render.plot import standalone

FOLDER = Path("docs/audits")
CACHE = Path(".cache/audit")
READ = (*TASKS, "embed", "age", "gender", "ancestry")
#: Held equal in adjusted and matched gaps, unless groups are made of it.
HELD = ("apparent_age",)


@dataclass(frozen=True)
class Part:
    """One audit to make: of a ``task``, with main's ``weights`` alone or research's too."""

    task: str
    weights: str = "research"


UTKFACE_PARTS = (
    *(Part("detection"), Part("verification"), Part("age"), Part("age", "main"), Part("gender")),
    *(Part("gender", "main"), Part("ancestry"), Part("quality")),
)


def main() -> None:
    """Run the audits and write the documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--only", nargs="*", choices=sorted(SETS))
    parser.add_argument("--resamples", type=int, default=200)
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"{arguments.data}: no such folder of labelled pictures")
    FOLDER.mkdir(parents=True, exist_ok=True)
    every: dict[str, list[tuple[Part, Audit]]] = {}
    for name in arguments.only or SETS:
        audited = SETS[name](arguments.data)
        print(f"{name}: {len(audited.samples)} pictures", flush=True)
        made = list(audits(name, audited, arguments.cache, Settings(arguments.resamples)))
        write(name, audited, made)
        every[name] = made
    # Last: specs are part of the source, whose state the documents name.
    for name, made in every.items():
        write_groups(name, made)
    write_model_cards()


def audits(
    name: str, audited: AuditedSet, cache: Path, settings: Settings
) -> Iterator[tuple[Part, Audit]]:
    """Yield every audit of one set."""
    faces = {"research": read(audited, cache)}
    if name != "utkface":
        request = Request("verification", READ_GROUPS, choose=audited.choose, settings=settings)
        yield (
            Part("verification"),
            audit_faces(faces["research"], audited.table, request, data=audited.title),
        )
        return
    with main_distribution_only():
        faces["main"] = read(audited, cache, tasks=(*TASKS, "embed", "age", "gender"))
    settings = replace(settings, held=HELD)
    for part in UTKFACE_PARTS:
        print(f"  {part.task}, {part.weights}", flush=True)
        request = Request(part.task, UTKFACE_GROUPS, choose=audited.choose, settings=settings)
        found = audit_faces(faces[part.weights], audited.table, request, data=audited.title)
        yield part, found
        if part.task == "verification":
            yield part, once_each(audited, faces["research"], found, request)
            coarse = replace(request, groups=ADULTS)
            title = f"{audited.title}, from 20 years on and below"
            yield part, audit_faces(faces["research"], audited.table, coarse, data=title)


def read(audited: AuditedSet, cache: Path, *, tasks: Sequence[str] = READ) -> FaceReadings:
    """Read all pictures, or find what was read before."""
    analyzer = Analyzer(tasks, threads=1)
    with Store(cache) as store:
        readings = Readings(analyzer, store, _tell)
        return read_faces(readings.of(audited.samples), choose=audited.choose)


def _tell(done: int, total: int) -> None:
    if done % 500 == 0:
        print(f"  {done} of {total}", flush=True)


def once_each(audited: AuditedSet, faces: FaceReadings, found: Audit, request: Request) -> Audit:
    """Return the audit of comparisons without the pictures that stand there twice."""
    assert faces.templates is not None
    vectors = np.zeros((len(faces.found), faces.templates.dimension), np.float32)
    vectors[faces.found] = faces.templates.vectors
    copies = near_copies(audited.samples, vectors, found.settings["threshold"]["value"])
    kept = np.ones(len(faces.found), bool)
    kept[copies] = False
    fewer = without(audited, copies, "pictures that may be of one person left out")
    columns = {name: column[kept] for name, column in faces.columns.items()}
    templates = faces.templates[kept[faces.found]]
    rest = replace(faces, found=faces.found[kept], columns=columns, templates=templates)
    return audit_faces(rest, fewer.table, request, data=fewer.title)


def write(name: str, audited: AuditedSet, made: Sequence[tuple[Part, Audit]]) -> None:
    """Write an overview, one card and one drawing an audit, and JSON of them all."""
    folder = FOLDER / name
    folder.mkdir(exist_ok=True)
    blocks: list[Block] = [Heading(f"Audits on {audited.title}", 1), Paragraph(audited.about)]
    blocks.append(Paragraph(_about()))
    for number, (part, found) in enumerate(made, start=1):
        titled = found
        if part.weights == "main":
            titled = replace(found, data=f"{found.data}, the distribution mien alone")
        file = f"{number}-{part.task}"
        blocks += [Heading(f"{part.task.capitalize()}: {titled.data}"), Paragraph(facts(titled))]
        blocks += [
            worst(titled),
            Paragraph(f"[All figures, and what it cannot tell]({name}/{file}.md)"),
        ]
        (folder / f"{file}.md").write_text(to_markdown(_detailed(titled, file)), encoding="utf-8")
        (folder / f"{file}.json").write_text(
            json.dumps(plain({"schema_version": "1.0", **provenance(), **titled.to_dict()})) + "\n"
        )
        drawn = standalone(drawing(titled.figures[-1]))
        (folder / f"{file}.svg").write_text(drawn, encoding="utf-8")
    (FOLDER / f"{name}.md").write_text(to_markdown(blocks), encoding="utf-8")


def _detailed(found: Audit, file: str) -> list[Block]:
    last = found.figures[-1]
    picture = f"![{last.title} by {last.grouping}]({file}.svg)"
    return [*card(found), Paragraph(picture), Paragraph(_about())]


def _about() -> str:
    made = provenance()
    return (
        f"Measured {made['date']} at commit {made['commit']}; {made['versions']}; "
        f"mien-weights-research {made['research']}. Written by `make audit`."
    )


def write_model_cards() -> None:
    """Write one card a model of this repository, and their list."""
    folder = FOLDER / "models"
    folder.mkdir(exist_ok=True)
    lines = ["# Model cards", "", "Written by `make audit` from the models' own specs.", ""]
    for path in spec_files().values():
        spec = read_spec(path)
        name = f"{spec.name}.md"
        (folder / name).write_text(to_markdown(model_card(spec)), encoding="utf-8")
        lines.append(f"- [{spec.name}]({name}): {spec.summary}")
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
