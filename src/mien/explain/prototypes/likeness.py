"""Nearest examples of a face, and how far each characteristic carries the likeness [P107]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.explain.case import Embedder
from mien.explain.prototypes.alterations import CHARACTERISTICS, altered, change_rms
from mien.metrics.bootstrap import bootstrap_interval
from mien.metrics.estimate import Estimate
from mien.types import Templates
from mien.types.arrays import ByteArray, FloatArray


@dataclass(frozen=True, slots=True)
class Prototype:
    """One example: ``score`` of the comparison, and ``because``: the loss of score, by name.

    A loss is the score of the untouched crop less the mean over the altered ones, with a bootstrap
    interval over the variants: above 0, the likeness rests on that characteristic.
    """

    name: str
    rank: int
    score: float
    because: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Likeness:
    """The nearest examples of one face, best first.

    ``overall``: the same losses over all examples of the set, weighted by likeness (scores above
    0), with a bootstrap interval over the examples; ``change_rms``: how strongly each alteration
    changes the pixels, in grey levels: losses of different characteristics are to be read beside
    it. ``model_calls``: crops embedded.
    """

    prototypes: tuple[Prototype, ...]
    overall: Mapping[str, Estimate]
    change_rms: Mapping[str, float]
    model_id: str
    model_calls: int
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return {
            "model_id": self.model_id,
            "prototypes": [
                {
                    "name": one.name,
                    "rank": one.rank,
                    "score": one.score,
                    "because": {key: _plain(value) for key, value in one.because.items()},
                }
                for one in self.prototypes
            ],
            "overall": {key: _plain(value) for key, value in self.overall.items()},
            "change_rms": dict(self.change_rms),
            "model_calls": self.model_calls,
            "seed": self.seed,
        }

    def to_text(self) -> str:
        """Return one sentence an example, from measured facts; only losses sure to be above 0."""
        return " ".join(_sentence(one) for one in self.prototypes) or "The set has no example."


def likeness(
    crop: ByteArray,
    embed: Embedder,
    references: Templates,
    *,
    names: Sequence[str] | None = None,
    k: int = 5,
    seed: int = 0,
) -> Likeness:
    """Return the k examples that a crop (h,w,3) looks most like, each with why.

    ``embed``: what makes templates of crops, as those of ``references (N,)`` were made; ``names``:
    of the references. Only the probe's pixels are altered; all examples share the altered crops.
    Raises InputError for k below 1 and names that are not one a reference.
    """
    names = [str(row) for row in range(len(references))] if names is None else names
    if k < 1 or len(names) != len(references):
        raise InputError(
            f"prototypes: got k = {k}, {len(names)} names, {len(references)} references; expected "
            "1 or more, and a name a reference"
        )
    variants = {name: altered(crop, name, seed=seed) for name in CHARACTERISTICS}
    batch = np.concatenate([crop[None], *variants.values()])
    scores = embed(batch).astype(np.float64) @ references.vectors.astype(np.float64).T
    parts = np.split(scores[1:], len(variants))
    losses = {name: scores[0] - part for name, part in zip(variants, parts, strict=True)}
    order = np.argsort(-scores[0], kind="stable")[:k]
    found = tuple(
        Prototype(
            names[row],
            rank,
            float(scores[0, row]),
            {name: _mean(loss[:, row], seed) for name, loss in losses.items()},
        )
        for rank, row in enumerate(order.tolist(), start=1)
    )
    return Likeness(
        found,
        {name: _weighted(loss.mean(axis=0), scores[0], seed) for name, loss in losses.items()},
        {name: change_rms(crop, made) for name, made in variants.items()},
        references.model_id,
        len(batch),
        seed,
    )


def _mean(samples: FloatArray, seed: int) -> Estimate:
    interval = bootstrap_interval(samples, seed=seed)
    return Estimate(float(samples.mean()), *interval, len(samples), method="bootstrap, variants")


def _weighted(losses: FloatArray, scores: FloatArray, seed: int) -> Estimate:
    """Return the mean (N,) of losses weighted by likeness; the bootstrap draws examples."""
    weights = np.maximum(scores, 0)
    total, n = weights.sum(), len(losses)
    if total <= 0:
        return Estimate(float("nan"), float("nan"), float("nan"), n, method="no example is alike")
    rows = np.random.default_rng(seed).integers(0, n, (1000, n))
    drawn = weights[rows]
    means = (losses[rows] * drawn).sum(axis=1) / np.maximum(drawn.sum(axis=1), 1e-12)
    low, high = np.quantile(means, [0.025, 0.975])
    value = float((losses * weights).sum() / total)
    return Estimate(value, float(low), float(high), n, method="bootstrap, examples")


def _sentence(one: Prototype) -> str:
    sure = sorted(
        (item for item in one.because.items() if item[1].low > 0), key=lambda item: -item[1].value
    )
    head = f"{one.rank}. {one.name}, score {one.score:.3f}"
    if not sure:
        return f"{head}: no alteration surely lowers it."
    said = ", ".join(f"{name} ({value.value:.3f})" for name, value in sure)
    return f"{head}: it loses most when these are altered: {said}."


def _plain(value: Estimate) -> dict[str, float | int]:
    return {"loss": value.value, "low": value.low, "high": value.high, "n": value.n}
