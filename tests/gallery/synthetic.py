"""Templates without pictures: random unit vectors, and what a gallery should answer about them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

from mien.gallery import Origin
from mien.types import Templates

MODEL = "test@0123abcd"


def templates(n: int, dimension: int = 16, *, seed: int = 0, quality: bool = False) -> Templates:
    """Return random templates."""
    rng = np.random.default_rng(seed)
    made = Templates.from_raw(rng.standard_normal((n, dimension)).astype(np.float32), MODEL)
    worth = rng.uniform(0, 100, n).astype(np.float32) if quality else None
    return Templates(made.vectors, made.norm, MODEL, worth)


def origins(n: int, *, start: int = 0) -> list[Origin]:
    """Return where they come from: a picture of one face each."""
    return [
        Origin(f"photos/{i}.jpg", hashlib.sha256(str(i).encode()).hexdigest(), 0, (1, 2, 30, 40))
        for i in range(start, start + n)
    ]


@dataclass
class Naive:
    """A gallery as a dict, searched by comparing with everything in float64."""

    rows: dict[int, tuple[int, np.ndarray]] = field(default_factory=dict)

    def by_reference(self, probe: np.ndarray) -> dict[int, float]:
        return {
            reference: float(probe.astype(float) @ vector.astype(float))
            for reference, (_, vector) in self.rows.items()
        }

    def by_subject(
        self, probe: np.ndarray, policy: str, weights: dict[int, float] | None = None
    ) -> dict[int, float]:
        scores = self.by_reference(probe)
        subjects: dict[int, list[int]] = {}
        for reference, (subject, _) in self.rows.items():
            subjects.setdefault(subject, []).append(reference)
        found = {}
        for subject, references in subjects.items():
            values = [scores[reference] for reference in references]
            if policy == "max":
                found[subject] = max(values)
            else:
                given = {} if weights is None else weights
                share = [given.get(reference, 1.0) for reference in references]
                found[subject] = float(np.average(values, weights=share))
        return found
