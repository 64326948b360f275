"""Made-up tables, trials and readings with known gaps."""

from __future__ import annotations

import numpy as np

from mien.evaluate.audit.face_readings import FaceReadings
from mien.evaluate.audit.outcomes import CAPTURE, MATCHED, SKIN
from mien.evaluate.audit.table import Table
from mien.evaluate.audit.trials import Trials
from mien.types import Templates


def table(
    columns: dict[str, list[str] | np.ndarray], *, subjects: list[str] | None = None
) -> Table:
    n = len(next(iter(columns.values())))
    names = np.array([f"{row}.jpg" for row in range(n)])
    places = np.array([f"labels.csv:{row + 2}" for row in range(n)])
    who = names if subjects is None else np.array(subjects)
    return Table(names, who, places, {name: np.array(cells) for name, cells in columns.items()})


def trials(outcome: np.ndarray, subject: np.ndarray | None = None, **columns: np.ndarray) -> Trials:
    row = np.arange(len(outcome))
    who = row if subject is None else subject
    binary = set(np.unique(outcome)) <= {0.0, 1.0}
    return Trials("errors", outcome, np.column_stack([row, row]), who, binary, confounders=columns)


def readings(n: int, *, seed: int = 0, found: np.ndarray | None = None) -> FaceReadings:
    """Faces with everything an audit reads, independent of any group."""
    rng = np.random.default_rng(seed)
    there = np.ones(n, bool) if found is None else found
    names = dict.fromkeys([*CAPTURE, *SKIN, *MATCHED])
    columns = {name: np.where(there, rng.normal(60, 10, n), np.nan) for name in names}
    columns["mien.apparent_age"] = np.where(there, rng.uniform(20, 60, n), np.nan)
    columns["mien.apparent_gender"] = np.where(there, rng.choice(["female", "male"], n), "")
    vectors = rng.normal(size=(int(there.sum()), 8)).astype(np.float32)
    return FaceReadings(
        there,
        columns,
        {"mien.apparent_gender": ("female", "male")},
        {"apparent_age": "age@1", "apparent_gender": "gender@1"},
        Templates.from_raw(vectors, "resnet29.dlib@00000000"),
    )
