"""The work of ``mien evaluate``: run, show, write."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mien.apps.terminal import console, is_terminal, progress, say
from mien.data import known_datasets
from mien.errors import InputError
from mien.evaluate import Evaluation, evaluate, known_benchmarks
from mien.evaluate.explanations.run import evaluate_explanations
from mien.evaluate.paired import compare_runs
from mien.evaluate.report import said, write_report
from mien.evaluate.score_task import known_score_tasks
from mien.evaluate.scores import evaluate_scores
from mien.recognition.verify import Choose


def show_benchmarks() -> None:
    """Print the benchmarks and the layouts of data that can be read."""
    from rich.table import Table

    out = console()
    table = Table("benchmark", "measures", "reads", box=None, pad_edge=False, header_style="dim")
    for name, benchmark in known_benchmarks().items():
        reads = benchmark.dataset if benchmark.dataset is not None else "any: --dataset"
        table.add_row(name, benchmark.title, reads)
    for name, task in known_score_tasks().items():
        table.add_row(f"scores --task {name}", f"{task.title}, from a score file", "CSV, NPZ")
    out.print(table)
    layouts = Table("layout", "data set", "", box=None, pad_edge=False, header_style="dim")
    for name, dataset in known_datasets().items():
        layouts.add_row(name, dataset.title, "" if dataset.layout == "verified" else "unverified")
    out.print()
    out.print(layouts)


def cache_folder(folder: Path | None, *, off: bool) -> Path | None:
    """Return where analyses are kept: as asked, else below the user's cache; ``None`` if off."""
    if off and folder is not None:
        raise InputError("--cache and --no-cache exclude each other")
    if off or folder is not None:
        return folder
    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base is not None and base != "" else Path.home() / ".cache"
    return root / "mien" / "evaluate"


def run(
    name: str,
    data: Path,
    *,
    models: Sequence[str],
    dataset: str | None,
    split: str | None,
    choose: Choose | None,
    json_to: str | None,
    report: Path | None,
    cache: Path | None,
    seed: int,
    options: Mapping[str, Any],
) -> None:
    """Run a benchmark, and write and show what it found."""
    check_outputs(json_to, report)
    if cache is not None and is_terminal():
        say(f"mien: analyses, templates included, are kept in {cache} (--no-cache keeps nothing)")
    with shown_progress(name) as step:
        evaluation = evaluate(
            name,
            data,
            models=models,
            dataset=dataset,
            split=split,
            choose=choose,
            cache=cache,
            seed=seed,
            progress=step,
            **options,
        )
    put_out(evaluation, json_to, report)


def put_out(evaluation: Evaluation, json_to: str | None, report: Path | None) -> None:
    """Write the files; print JSON where it was asked for or stdout is a pipe, else a table."""
    if json_to is not None and json_to != "-":
        evaluation.save(json_to)
    if report is not None:
        write_report(report, evaluation)
    if json_to == "-" or (json_to is None and not is_terminal()):
        json.dump(evaluation.to_dict(), sys.stdout, allow_nan=False)
        sys.stdout.write("\n")
    elif is_terminal():
        show(evaluation)


def show(evaluation: Evaluation) -> None:
    """Print the figures, one column a model."""
    from rich.table import Table

    models = [result.model for result in evaluation.results]
    table = Table("figure", *models, "n", box=None, pad_edge=False, header_style="dim")
    columns = [{f.name: f for f in r.findings.figures} for r in evaluation.results]
    for name in dict.fromkeys(name for column in columns for name in column):
        found = [column.get(name) for column in columns]
        n = next(figure.n for figure in found if figure is not None)
        cells = ["-" if figure is None else said(figure) for figure in found]
        table.add_row(name, *cells, f"{n:,}")
    out = console()
    out.print(evaluation.title)
    out.print(table)
    out.print("in brackets: 95 % intervals; rules and reasons are in --json and --report")


def check_outputs(json_to: str | None, report: Path | None) -> None:
    """Refuse what could not be written after the work is done."""
    for path in (None if json_to in (None, "-") else Path(str(json_to)), report):
        if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise InputError(f"{path}: is a folder, or its folder does not exist")


@contextmanager
def shown_progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what shows how many of how many samples are done."""
    with progress() as shown:
        task = shown.add_task(title, total=None, rate="")

        def step(done: int, total: int) -> None:
            shown.update(task, completed=done, total=total)

        yield step


def scores(
    file: Path,
    *,
    task: str,
    distance: bool,
    name: str | None,
    json_to: str | None,
    report: Path | None,
    seed: int,
) -> None:
    """Measure a score file, and write and show what it gave."""
    check_outputs(json_to, report)
    evaluation = evaluate_scores(file, task=task, distance=distance, model=name, seed=seed)
    put_out(evaluation, json_to, report)


def explanations(
    data: Path,
    *,
    methods: Sequence[str],
    json_to: str | None,
    report: Path | None,
    cases: Path | None,
    **options: Any,
) -> None:
    """Judge explainers, and write and show what was found."""
    check_outputs(json_to, report)
    check_outputs(None, cases)
    with shown_progress("explanations") as step:
        evaluation = evaluate_explanations(
            data, methods=methods, cases=cases, progress=step, **options
        )
    put_out(evaluation, json_to, report)


def compare(first: Path, second: Path | None, *, as_json: bool, seed: int) -> None:
    """Compare two runs, and show what can be told."""
    one = Evaluation.load(first)
    other = one if second is None else Evaluation.load(second)
    if second is None and len(one.results) != 2:
        raise InputError(f"{first}: has {len(one.results)} models, expected 2, or a second file")
    found = compare_runs(one, other, seed=seed)
    if as_json or not is_terminal():
        sys.stdout.write(json.dumps(found.to_dict()) + "\n")
    else:
        console().print(str(found))
