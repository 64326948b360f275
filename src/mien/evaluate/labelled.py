"""Samples with a label, and what a task says of the face in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mien.data import Sample
from mien.errors import DatasetError
from mien.evaluate.benchmark import Run
from mien.recognition.verify import chosen_row
from mien.types import Analysis, Attribute
from mien.types.arrays import Array, BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Samples (S,), ``found (S,)`` whether a face was, ``column`` with one row a found face.

    ``column`` is ``None`` where no face was found at all.
    """

    samples: tuple[Sample, ...]
    found: BoolArray
    column: Attribute | None

    def labels(self, name: str) -> Array:
        """Return the label (S,) of each sample."""
        return np.array([sample.labels[name] for sample in self.samples])

    def paths(self, row: int) -> tuple[str, ...]:
        """Return where the picture of a sample stands."""
        path = self.samples[row].path
        return () if path is None else (str(path),)


def labelled(run: Run, *labels: str) -> list[Sample]:
    """Return the samples that have all of the labels. Raises DatasetError where none has."""
    samples = [s for s in run.samples() if all(name in s.labels for name in labels)]
    if not samples:
        raise DatasetError(f"{run.dataset.name}: no sample has a label {' and '.join(labels)}")
    return samples


def read_attribute(
    run: Run, samples: Sequence[Sample], analyses: Iterable[Analysis], name: str
) -> Labelled:
    """Return what a task says of the chosen face of each sample, as the column ``name``."""
    parts: list[Attribute] = []
    found = np.zeros(len(samples), bool)
    for row, analysis in enumerate(analyses):
        faces = analysis.found
        if len(faces):
            chosen = chosen_row(faces, run.choose)
            parts.append(faces.attributes[name][[chosen]])
            found[row] = True
    return Labelled(tuple(samples), found, _joined(parts))


def _joined(parts: Sequence[Attribute]) -> Attribute | None:
    if not parts:
        return None
    first = parts[0]
    spreads = [part.spread for part in parts if part.spread is not None]
    return Attribute(
        np.concatenate([part.values for part in parts]),
        first.kind,
        first.model_id,
        first.labels,
        first.unit,
        np.concatenate(spreads) if len(spreads) == len(parts) else None,
    )
