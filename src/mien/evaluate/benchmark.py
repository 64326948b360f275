"""What a benchmark is, and which are known: one file each, registered under its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mien.data import Dataset, Sample
from mien.errors import DatasetError
from mien.evaluate.readings import Readings
from mien.evaluate.result import Findings
from mien.recognition.verify import Choose
from mien.types import Analysis
from mien.types.registry import Registry


@dataclass(frozen=True, slots=True)
class Run:
    """One model on one set of data: what a benchmark is given to measure."""

    dataset: Dataset
    split: str | None
    readings: Readings
    choose: Choose
    seed: int

    def samples(self) -> list[Sample]:
        """Return the samples of the split. Raises DatasetError where there are none."""
        found = list(self.dataset.samples(self.split))
        if not found:
            where = "" if self.split is None else f", split {self.split}"
            raise DatasetError(f"{self.dataset.root}{where}: holds no sample")
        return found

    def read(self, samples: Sequence[Sample]) -> Iterator[Analysis]:
        """Yield the analysis of each sample, in order."""
        return self.readings.of(samples)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A protocol: task x data x metric.

    ``dataset``: the layout it reads unless told, ``None`` where that must be said; ``split``: what
    it reports on unless told; ``fitted_on``: what mien's own models saw, never reported on;
    ``tasks``: what the pipeline computes; ``option``: the field of Options that a model's name
    sets, ``None`` where the task's model cannot be chosen; ``choose``: which of several faces
    counts; ``keep``: whether analyses may come from the cache.
    """

    name: str
    title: str
    task: str
    protocol: str
    measure: Callable[[Run], Findings]
    tasks: tuple[str, ...]
    dataset: str | None = None
    split: str | None = None
    fitted_on: str = ""
    option: Literal["embedder", "detector", "mesh"] | None = None
    choose: Choose = "largest"
    keep: bool = True


_KNOWN: Registry[Benchmark] = Registry("benchmark", "mien.evaluate")


def register(benchmark: Benchmark) -> Benchmark:
    """Make a benchmark known under its name."""
    return _KNOWN.add(benchmark)


def known_benchmarks() -> Mapping[str, Benchmark]:
    """Return every benchmark by name, sorted."""
    return _KNOWN.known()


def get_benchmark(name: str) -> Benchmark:
    """Return the benchmark of that name; raises InputError with the names that there are."""
    return _KNOWN.get(name)
