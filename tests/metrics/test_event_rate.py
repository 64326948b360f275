"""Rates of counted events beside scipy's chi-squared quantiles."""

from __future__ import annotations

import math

import pytest
from scipy.stats import chi2

from mien.errors import InputError
from mien.metrics.event_rate import event_rate


@pytest.mark.parametrize("n", [0, 1, 7, 250])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_garwood(n: int, level: float) -> None:
    found = event_rate(n, 2.5, level=level)
    tail = (1 - level) / 2
    low = chi2.ppf(tail, 2 * n) / 2 if n else 0
    assert found.value == n / 2.5
    assert found.low == pytest.approx(low / 2.5, rel=1e-9)
    assert found.high == pytest.approx(chi2.ppf(1 - tail, 2 * n + 2) / 2 / 2.5, rel=1e-9)


def test_nothing_watched() -> None:
    assert math.isnan(event_rate(0, 0).value)
    with pytest.raises(InputError, match="expected numbers of 0 or more"):
        event_rate(-1, 1)
