"""The work of ``mien audit``: read labels, run, show, write."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mien
from mien.apps.evaluate_work import cache_folder, check_outputs, shown_progress
from mien.apps.terminal import console, is_terminal
from mien.data import Sample, open_dataset
from mien.errors import InputError
from mien.evaluate.audit.card import card
from mien.evaluate.audit.limits import detectable_words
from mien.evaluate.audit.model_card import model_card, model_facts
from mien.evaluate.audit.page import write_page
from mien.evaluate.audit.result import Audit, Figure, plain
from mien.evaluate.audit.run import Request
from mien.evaluate.audit.run import audit as run_audit
from mien.evaluate.audit.settings import Settings
from mien.evaluate.audit.table import Table, read_labels, table_of
from mien.evaluate.audit.words import gap_words, group_words, value_words
from mien.evaluate.environment import environment
from mien.evaluate.readings import Readings
from mien.evaluate.store import Store
from mien.io.atomic import whole_file
from mien.models import get_spec
from mien.recognition.verify import Choose
from mien.render.blocks import to_markdown
from mien.tasks.pipeline import Analyzer


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed."""

    data: Path | None
    groups: Sequence[str]
    labels: Path | None
    dataset: str | None
    split: str | None
    task: str
    truth: str | None
    target_fmr: float
    held: Sequence[str]
    adjust: bool
    choose: Choose
    resamples: int
    seed: int
    cache: Path | None
    no_cache: bool
    options: Mapping[str, Any]


def audit(asked: Asked, *, json_to: str | None, report: Path | None, card_to: Path | None) -> None:
    """Run an audit, and write and show what it found."""
    check_outputs(json_to, report)
    request = _request(asked)
    samples, table, name = _data(asked)
    analyzer = Analyzer(request.tasks, **asked.options)
    with ExitStack() as stack:
        folder = cache_folder(asked.cache, off=asked.no_cache)
        store = None if folder is None else stack.enter_context(Store(folder))
        with shown_progress("audit") as step:
            readings = Readings(analyzer, store, step)
            found = run_audit(samples, table, request, readings=readings, data=name)
    made = environment(seed=asked.seed, threads=analyzer.threads)
    _put_out(found, made, json_to, report, card_to)


def _request(asked: Asked) -> Request:
    specs = tuple(spec for group in asked.groups for spec in group.split())
    if not specs:
        raise InputError("--groups: name at least one column to group by")
    settings = Settings(
        resamples=asked.resamples, seed=asked.seed, adjust=asked.adjust, held=tuple(asked.held)
    )
    return Request(
        asked.task,
        specs,
        "" if asked.truth is None else asked.truth,
        asked.target_fmr,
        asked.choose,
        settings,
    )


def _data(asked: Asked) -> tuple[list[Sample], Table, str]:
    """Return samples, their table, and the name of the data."""
    if asked.data is None or not asked.data.is_dir():
        raise InputError(f"--data: got {asked.data}, expected a folder of pictures")
    if asked.dataset is not None:
        if asked.labels is not None:
            raise InputError("--labels and --dataset exclude each other")
        opened = open_dataset(asked.dataset, asked.data)
        samples = list(opened.samples(asked.split))
        part = "" if asked.split is None else f", {asked.split}"
        return samples, table_of(samples, name=str(asked.data)), f"{opened.title}{part}"
    if asked.split is not None:
        raise InputError("--split: needs --dataset")
    labels = asked.data / "labels.csv" if asked.labels is None else asked.labels
    if not labels.is_file():
        raise InputError(f"{labels}: no such file; name one (--labels), or the layout (--dataset)")
    samples, table = read_labels(labels, asked.data)
    return samples, table, asked.data.resolve().name


def _put_out(
    found: Audit,
    made: Mapping[str, Any],
    json_to: str | None,
    report: Path | None,
    card_to: Path | None,
) -> None:
    document = {"schema_version": "1.0", **found.to_dict(), "environment": plain(made)}
    said = {"measured": str(made["date"])[:10], "mien": mien.__version__}
    if report is not None:
        write_page(report, found, made=said)
    if card_to is not None:
        _write_cards(card_to, found, document, said)
    if json_to is not None and json_to != "-":
        with whole_file(json_to) as file:
            file.write(json.dumps(document, allow_nan=False) + "\n")
    if json_to == "-" or (json_to is None and not is_terminal()):
        json.dump(document, sys.stdout, allow_nan=False)
        sys.stdout.write("\n")
    elif is_terminal():
        _show(found)


def _write_cards(
    folder: Path, found: Audit, document: Mapping[str, Any], said: Mapping[str, str]
) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}") from error
    with whole_file(folder / f"audit-{found.task}.md") as file:
        file.write(to_markdown(card(found, made=said)))
    with whole_file(folder / f"audit-{found.task}.json") as file:
        file.write(json.dumps(document, allow_nan=False, indent=1) + "\n")
    for model_id in found.models.values():
        spec = get_spec(model_id.partition("@")[0])
        with whole_file(folder / f"model-{spec.name}.md") as file:
            file.write(to_markdown(model_card(spec)))
        with whole_file(folder / f"model-{spec.name}.json") as file:
            file.write(json.dumps(model_facts(spec), allow_nan=False, indent=1) + "\n")


def _show(found: Audit) -> None:
    out = console()
    out.print(f"[bold]{found.task}[/] on {found.data}: {found.n_pictures:,} pictures")
    for figure in found.figures:
        out.print()
        _show_figure(figure)
    out.print("\n[bold]What this cannot tell[/]")
    for sentence in found.cannot_tell:
        out.print(f"- {sentence}", style="dim", markup=False)


def _show_figure(figure: Figure) -> None:
    from rich.table import Table as Grid

    out = console()
    fair = any(group.adjusted is not None for group in figure.groups)
    titles = [figure.grouping, "n", figure.title, "gap", *(["adjusted"] if fair else [])]
    grid = Grid(*titles, box=None, pad_edge=False, header_style="dim")
    for group in figure.groups:
        cells = [group.name, f"{group.figure.n:,}", value_words(group.figure, figure)]
        cells.append("too small" if group.too_small else gap_words(group.raw, figure))
        grid.add_row(*cells, *([gap_words(group.adjusted, figure)] if fair else []))
    out.print(grid)
    for group in figure.worse():
        out.print(f"seen to fare worse: {group_words(group, figure)}", markup=False)
    if not figure.worse():
        said = detectable_words(figure)
        out.print(
            f"no group is seen to fare worse; {said}" if said else "", style="dim", markup=False
        )
