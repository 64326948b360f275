"""Fit the weights of the unified quality score and write src/mien/tasks/quality.toml.

python -m tools.fit.quality --data ../shared/data

LFW folds 1-3 and CelebA even ids, as they are and with one in eight pictures degraded. A logistic
regression with weights >= 0 and a ridge predicts from the components of both pictures whether a
mated comparison reaches the threshold (FMR 1e-3 of the default recogniser); the four sets count
equally. The ridge is chosen by cross-validation over halves of the subjects: least area under the
error-versus-discard curve. (A search for the least area itself fits the noise of few errors.)
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.accuracy.quality_samples import (
    FIT,
    Comparisons,
    Samples,
    comparisons,
    mixed,
    samples,
)
from mien.metrics.discard import discard_area, pair_quality
from mien.tasks import quality_scores
from mien.tasks.quality_scores import COMPONENTS

RIDGES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
HALVINGS = 4
#: The unified score of the median and of the 5th percentile of undegraded pictures.
MEDIAN_SCORE, LOW_SCORE = 80.0, 50.0


@dataclass(frozen=True)
class FitSet:
    """Components (N,14) without NaN, the comparisons (P,) and their subjects (P,) as numbers."""

    components: np.ndarray
    pairs: Comparisons
    subject: np.ndarray

    def part(self, rows: np.ndarray) -> FitSet:
        """Keep some comparisons; the threshold stays."""
        left, right = self.pairs.left[rows], self.pairs.right[rows]
        pairs = replace(self.pairs, left=left, right=right, score=self.pairs.score[rows])
        return FitSet(self.components, pairs, self.subject[rows])

    def area(self, weights: np.ndarray) -> float:
        """Return the area under the curve, relative to discarding at random."""
        pairs = self.pairs
        quality = pair_quality(self.components @ weights, pairs.left, pairs.right)
        area = discard_area(pairs.score, quality, threshold=pairs.threshold)
        return area / float((pairs.score < pairs.threshold).mean())


def fit_set(found: Samples, typical: np.ndarray) -> FitSet:
    """Prepare one set."""
    pairs = comparisons(found)
    known = np.where(np.isnan(found.components), typical, found.components)
    subject = np.unique(found.subject[pairs.left].astype(str), return_inverse=True)[1]
    return FitSet(known, pairs, subject)


def fit(sets: list[FitSet], ridge: float) -> np.ndarray:
    """Return the weights (14,) of the logistic regression, of sum 1."""
    both = [s.components[s.pairs.left] + s.components[s.pairs.right] for s in sets]
    matched = np.concatenate([s.pairs.score >= s.pairs.threshold for s in sets])
    share = np.concatenate([np.full(len(rows), 1 / len(rows) / len(sets)) for rows in both])
    sums = np.vstack(both)
    spread = sums.std(axis=0)
    inputs = (sums - sums.mean(axis=0)) / spread

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        weights, offset = values[:-1], values[-1]
        logit = inputs @ weights + offset
        error = (1 / (1 + np.exp(-logit)) - matched) * share
        value = (share * (np.logaddexp(0, logit) - matched * logit)).sum()
        slope = np.append(inputs.T @ error + 2 * ridge * weights, error.sum())
        return value + ridge * (weights**2).sum(), slope

    count = inputs.shape[1]
    bounds = [(0, None)] * count + [(None, None)]
    done = minimize(loss, np.append(np.full(count, 0.1), 1), jac=True, bounds=bounds)
    weights = done.x[:-1] / spread
    return weights / weights.sum()


def cross_validated(sets: list[FitSet], ridge: float, *, seed: int = 0) -> float:
    """Return the mean relative area on the half of the subjects that was not fitted on."""
    areas = []
    for repeat in range(HALVINGS):
        rng = np.random.default_rng(seed + repeat)
        kept = [(rng.random(s.subject.max() + 1) < 0.5)[s.subject] for s in sets]
        for side in (False, True):
            weights = fit([s.part(k ^ side) for s, k in zip(sets, kept, strict=True)], ridge)
            areas += [s.part(~k ^ side).area(weights) for s, k in zip(sets, kept, strict=True)]
    return float(np.mean(areas))


def place(clean: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Return centre and width of the logistic, from components (N,14) of undegraded pictures."""
    low, median = np.quantile(clean @ weights, [0.05, 0.5])
    at = [np.log(score / (100 - score)) for score in (LOW_SCORE, MEDIAN_SCORE)]
    width = (median - low) / (at[1] - at[0])
    return float(low - at[0] * width), float(width)


def document(
    weights: np.ndarray, typical: np.ndarray, centre: float, width: float, about: list[str]
) -> str:
    """Write the TOML file."""
    head = "".join(f"# {line}\n" for line in about)
    labels = [item.label for item in COMPONENTS]
    tables = ""
    for name, values, digits in (("weights", weights, 4), ("typical", typical, 1)):
        rows = zip(labels, values, strict=True)
        tables += f"\n[{name}]\n" + "".join(f"{label} = {x:.{digits}f}\n" for label, x in rows)
    return f"{head}\ncentre = {centre:.3f}\nwidth = {width:.3f}\n{tables}"


def about(clean: list[Samples], sets: list[FitSet], areas: str, ridge: float) -> list[str]:
    """Say what the numbers were fitted on."""
    return [
        "Weights of the unified quality score, written by tools/fit/quality.py; do not edit.",
        f"Fitted {datetime.now(UTC):%Y-%m-%d} on LFW folds 1-3 ({len(clean[0].picture)} pictures, "
        f"{len(sets[0].pairs.score)} mated comparisons) and",
        f"CelebA even ids ({len(clean[1].picture)} pictures, {len(sets[1].pairs.score)} mated "
        "comparisons), as they are",
        "and with one in eight degraded; recogniser resnet29.dlib, mirrored. Both sets are for",
        "research: what is kept of them are these numbers.",
        f"Ridge {ridge:g}. Error-versus-discard area over that of chance, on what it was fitted on",
        f"(LFW, CelebA, both degraded): {areas}.",
        "unified = 100 / (1 + exp(-(sum of weight * component - centre) / width)): 80 at the",
        "median of the undegraded pictures, 50 at their 5th percentile.",
        "typical: their medians, which stand in for what is not measurable.",
    ]


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    clean = [samples(data, name, FIT) for name in ("lfw", "celeba")]
    worse = [samples(data, name, FIT, worse=True) for name in ("lfw", "celeba")]
    undegraded = np.vstack([item.components for item in clean])
    typical = np.nanmedian(undegraded, axis=0)
    both = [mixed(good, bad) for good, bad in zip(clean, worse, strict=True)]
    sets = [fit_set(item, typical) for item in (*clean, *both)]
    held_out = {ridge: cross_validated(sets, ridge) for ridge in RIDGES}
    print("area on held-out subjects by ridge:", held_out)
    ridge = min(held_out, key=held_out.__getitem__)
    weights = fit(sets, ridge)
    known = np.where(np.isnan(undegraded), typical, undegraded)
    areas = ", ".join(f"{item.area(weights):.3f}" for item in sets)
    areas += f"; on held-out subjects {held_out[ridge]:.3f}"
    text = document(weights, typical, *place(known, weights), about(clean, sets, areas, ridge))
    Path(quality_scores.__file__).with_name("quality.toml").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
