"""Run a benchmark: one set of data, one or several models, one evaluation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mien.data import Dataset, known_datasets, open_dataset
from mien.errors import InputError
from mien.evaluate.benchmark import Benchmark, Run, get_benchmark
from mien.evaluate.environment import environment
from mien.evaluate.readings import Progress, Readings, quiet
from mien.evaluate.result import Evaluation, Result
from mien.evaluate.store import Store
from mien.models import ModelSpec, get_spec
from mien.recognition.verify import Choose
from mien.tasks.pipeline import Analyzer


def evaluate(
    name: str,
    data: str | Path,
    *,
    models: Sequence[str] = (),
    dataset: str | None = None,
    split: str | None = None,
    choose: Choose | None = None,
    cache: str | Path | None = None,
    seed: int = 0,
    progress: Progress = quiet,
    **options: Any,
) -> Evaluation:
    """Measure how good models are at something, on labelled data of yours.

    ``name`` of a benchmark, ``data``: its folder; ``models``: names or spec files, of one kind
    (default: mien's own choice); ``dataset``: the layout, where it is not the benchmark's own;
    ``choose``: which of several faces in a picture counts; ``cache``: a folder in which analyses,
    templates included, are kept and found again, also after a kill. Other keywords are those of
    Analyzer. Raises InputError for what is not known, DatasetError with file and line for data
    that are not what they should be.
    """
    benchmark = get_benchmark(name)
    if len(set(models)) < len(models):
        raise InputError(f"models: got {', '.join(models)}, expected each once")
    opened = _opened(benchmark, data, dataset)
    if split is None and opened.name == benchmark.dataset:
        split = benchmark.split
    analyzers = [_analyzer(benchmark, model, options) for model in (models if models else (None,))]
    face = benchmark.choose if choose is None else choose
    results: list[Result] = []
    read: list[Readings] = []
    with ExitStack() as stack:
        store = None if cache is None else stack.enter_context(Store(Path(cache)))
        for analyzer in analyzers:
            read.append(Readings(analyzer, store, progress, benchmark.keep))
            run = Run(opened, split, read[-1], face, seed)
            results.append(_result(benchmark, run))
    return Evaluation(
        benchmark.name,
        benchmark.task,
        benchmark.title,
        benchmark.protocol,
        benchmark.fitted_on,
        {
            "dataset": opened.name,
            "title": opened.title,
            "layout": opened.layout,
            "split": split,
            "samples": len(read[0].listing),
            "sha256": read[0].data_sha256,
        },
        environment(seed=seed, threads=analyzers[0].threads),
        tuple(results),
    )


def _opened(benchmark: Benchmark, data: str | Path, dataset: str | None) -> Dataset:
    name = benchmark.dataset if dataset is None else dataset
    if name is None:
        raise InputError(
            f"{benchmark.name}: reads any data set; say which one yours is (--dataset): "
            + ", ".join(known_datasets())
        )
    return open_dataset(name, data)


def _analyzer(benchmark: Benchmark, model: str | None, options: dict[str, Any]) -> Analyzer:
    if model is None:
        return Analyzer(benchmark.tasks, **options)
    if benchmark.option is None:
        raise InputError(
            f"{benchmark.name}: got model {model!r}; the models of this task cannot be chosen, "
            "those installed are measured"
        )
    get_spec(model)  # refuses one that is not there before any work is done
    return Analyzer(benchmark.tasks, **{**options, benchmark.option: model})


def _result(benchmark: Benchmark, run: Run) -> Result:
    begin = time.perf_counter()
    findings = benchmark.measure(run)
    analyzer = run.readings.analyzer
    models = tuple(_facts(spec) for spec in analyzer.models)
    name = "default" if benchmark.option is None else getattr(analyzer.options, benchmark.option)
    return Result(
        str(name if name is not None else "default"),
        findings,
        models,
        asdict(analyzer.options),
        round(time.perf_counter() - begin, 3),
    )


def _facts(spec: ModelSpec) -> dict[str, str]:
    return {"model_id": spec.model_id, "task": spec.task, "use": spec.use, "licence": spec.licence}
