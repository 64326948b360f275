"""What every benchmark promises, parametrised over the registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mien.data import known_datasets
from mien.errors import DatasetError, InputError
from mien.evaluate import Benchmark, evaluate, known_benchmarks
from mien.tasks.task import known_tasks


@pytest.fixture(params=tuple(known_benchmarks()))
def benchmark(request: pytest.FixtureRequest) -> Benchmark:
    return known_benchmarks()[request.param]


def test_it_says_what_it_is(benchmark: Benchmark) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", benchmark.name)
    assert benchmark.title
    assert benchmark.protocol.endswith(".")
    assert set(benchmark.tasks) <= set(known_tasks())


def test_its_data_set_is_known_and_has_its_split(benchmark: Benchmark) -> None:
    if benchmark.dataset is None:
        assert benchmark.split is None
        return
    dataset = known_datasets()[benchmark.dataset]
    assert benchmark.split is None or benchmark.split in dataset.splits


def test_an_empty_folder_is_refused(benchmark: Benchmark, tmp_path: Path) -> None:
    dataset = "identity-folders" if benchmark.dataset is None else None
    with pytest.raises(DatasetError):
        evaluate(benchmark.name, tmp_path, dataset=dataset)


def test_a_model_that_is_not_there_is_refused(benchmark: Benchmark, people: Path) -> None:
    with pytest.raises((InputError, LookupError), match="no such model"):
        evaluate(benchmark.name, people, dataset="identity-folders", models=["no such model"])
