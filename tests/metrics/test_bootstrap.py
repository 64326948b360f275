"""Bootstrap intervals of a mean."""

import math

import numpy as np
import pytest
from scipy import stats

from mien.metrics.bootstrap import bootstrap_interval


def test_agrees_with_scipy():
    samples = np.random.default_rng(1).exponential(5, 400)
    oracle = stats.bootstrap(
        (samples,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(2)
    ).confidence_interval
    low, high = bootstrap_interval(samples, resamples=4000)
    assert low == pytest.approx(oracle.low, abs=0.05)
    assert high == pytest.approx(oracle.high, abs=0.05)
    assert low < samples.mean() < high


def test_same_seed_same_interval():
    samples = np.arange(20.0)
    assert bootstrap_interval(samples, seed=3) == bootstrap_interval(samples, seed=3)
    assert bootstrap_interval(np.full(5, 2.0)) == (2.0, 2.0)


def test_no_samples_is_nan():
    assert all(math.isnan(bound) for bound in bootstrap_interval(np.zeros(0)))
