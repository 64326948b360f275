"""How far a mean over these samples may lie from the mean over others like them."""

from __future__ import annotations

import math

import numpy as np

from mien.types.arrays import FloatArray, checked


def bootstrap_interval(
    samples: FloatArray, *, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean of ``samples (N,)``.

    Rule: samples are independent; see ``mien.metrics.clustered`` where they share people. Ties:
    none. Empty: NaN. Source: Efron & Tibshirani (1993).
    """
    samples = checked("samples", samples, ("N",), dtype=np.float64)
    if not len(samples):
        return math.nan, math.nan
    rng = np.random.default_rng(seed)
    means = [samples[rng.integers(0, len(samples), len(samples))].mean() for _ in range(resamples)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
