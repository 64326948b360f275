"""Wilson's interval against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from mien.metrics.proportion import proportion_interval


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (10, 10), (3, 7), (990, 1000), (1, 100000)])
def test_equals_scipy(hits: int, n: int) -> None:
    reference = binomtest(hits, n).proportion_ci(method="wilson")
    assert np.allclose(proportion_interval(hits, n), (reference.low, reference.high), atol=1e-7)


def test_nothing_counted_says_nothing() -> None:
    assert proportion_interval(0, 0) == (0.0, 1.0)
