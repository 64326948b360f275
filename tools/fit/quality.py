"""Fit the weights of the unified quality score and write src/mien/tasks/quality.toml.

python -m tools.fit.quality --data ../shared/data

LFW folds 1-3 and CelebA even ids, as they are and with one in eight pictures degraded. Minimised is
the area under the error-versus-discard curve (FNMR at FMR 1e-3 of the default recogniser, 0 to 30 %
of comparisons discarded) over that of discarding at random, the mean of the four sets, plus a small
price for every component in use. Coordinate search from equal weights, seeded; weights >= 0.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

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

#: What a component must gain to be used, in relative area.
PRICE = 1.5e-3
ROUNDS = 8
#: The unified score of the median and of the 5th percentile of undegraded pictures.
MEDIAN_SCORE, LOW_SCORE = 80.0, 50.0


@dataclass(frozen=True)
class FitSet:
    """Components (N,15) without NaN, the comparisons, and the area without any quality."""

    components: np.ndarray
    pairs: Comparisons
    at_random: float

    def area(self, weights: np.ndarray) -> float:
        """Return the area under the curve, relative to discarding at random."""
        quality = pair_quality(self.components @ weights, self.pairs.left, self.pairs.right)
        threshold = self.pairs.threshold
        return discard_area(self.pairs.score, quality, threshold=threshold) / self.at_random


def fit_set(found: Samples, typical: np.ndarray) -> FitSet:
    """Prepare one set."""
    pairs = comparisons(found)
    known = np.where(np.isnan(found.components), typical, found.components)
    return FitSet(known, pairs, float((pairs.score < pairs.threshold).mean()))


def search(sets: list[FitSet], *, seed: int = 0) -> tuple[np.ndarray, float]:
    """Return the weights (15,), of sum 1, and the cost they reach."""
    spread = np.vstack([item.components for item in sets]).std(axis=0)
    rng = np.random.default_rng(seed)

    def cost(weights: np.ndarray) -> float:
        areas = [item.area(weights) for item in sets]
        return float(np.mean(areas)) + PRICE * np.count_nonzero(weights)

    weights = 1 / spread
    best, step = cost(weights), 1.0
    for _ in range(ROUNDS):
        for index in rng.permutation(len(weights)):
            now = weights[index]
            for tried in (0.0, now * np.exp(-step), now * np.exp(step), now + step / spread[index]):
                changed = weights.copy()
                changed[index] = tried
                if changed.any() and (reached := cost(changed)) < best:
                    best, weights = reached, changed
        step *= 0.7
    return weights / weights.sum(), best


def place(clean: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Return centre and width of the logistic, from components (N,15) of undegraded pictures."""
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
    weights, cost = search(sets)
    known = np.where(np.isnan(undegraded), typical, undegraded)
    centre, width = place(known, weights)
    areas = ", ".join(f"{item.area(weights):.3f}" for item in sets)
    about = [
        "Weights of the unified quality score, written by tools/fit/quality.py; do not edit.",
        f"Fitted {datetime.now(UTC):%Y-%m-%d} on LFW folds 1-3 ({len(clean[0].picture)} pictures, "
        f"{len(sets[0].pairs.score)} mated comparisons) and",
        f"CelebA even ids ({len(clean[1].picture)} pictures, {len(sets[1].pairs.score)} mated "
        "comparisons), as they are",
        "and with one in eight degraded; recogniser resnet29.dlib, mirrored. Both sets are for",
        "research: what is kept of them are these numbers.",
        "Error-versus-discard area over that of chance on LFW, CelebA, both degraded:",
        f"{areas}; cost {cost:.4f}.",
        "unified = 100 / (1 + exp(-(sum of weight * component - centre) / width)): 80 at the",
        "median of the undegraded pictures, 50 at their 5th percentile.",
        "typical: their medians, which stand in for what is not measurable.",
    ]
    target = Path(quality_scores.__file__).with_name("quality.toml")
    text = document(weights, typical, centre, width, about)
    target.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
