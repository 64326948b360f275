"""The exact interval against scipy and published values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mien.errors import InputError
from mien.metrics.clopper_pearson import beta_distribution, beta_quantile, clopper_pearson


@pytest.mark.parametrize(
    ("hits", "n"),
    [(0, 1), (1, 1), (0, 300), (3, 10), (30, 3_000_000), (26_871, 2_687_149), (5, 100_000_000)],
)
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_equals_scipy(hits: int, n: int, level: float) -> None:
    expected = stats.binomtest(hits, n).proportion_ci(level, method="exact")
    assert clopper_pearson(hits, n, level=level) == pytest.approx(
        (expected.low, expected.high), rel=1e-7 if n < 1e6 else 1e-4, abs=1e-300
    )


@given(st.integers(0, 400), st.integers(1, 400))
def test_equals_scipy_everywhere(hits: int, more: int) -> None:
    n = hits + more
    expected = stats.binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert clopper_pearson(hits, n) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_the_rule_of_three() -> None:
    # No error in n trials: one-sided 95 % at about 3 / n; two-sided 95 % at 3.69 / n.
    assert clopper_pearson(0, 1000)[1] == pytest.approx(0.003682, abs=1e-6)
    assert clopper_pearson(0, 0) == (0, 1)


# Nearer to 1 scipy 1.17 loses digits: it gives 0.99999999052 at 1 - 1.1e-16 with a = b = 0.5, where
# 1 - 2 / pi * asin(sqrt(1 - x)) = 0.99999999329.
@given(st.floats(0, 1 - 1e-12), st.floats(0.5, 200), st.floats(0.5, 200))
def test_distribution_equals_scipy(x: float, a: float, b: float) -> None:
    assert beta_distribution(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), abs=1e-10)


@given(st.floats(0.001, 0.999), st.floats(0.5, 50), st.floats(0.5, 50))
def test_quantile_inverts_the_distribution(share: float, a: float, b: float) -> None:
    assert beta_distribution(beta_quantile(share, a, b), a, b) == pytest.approx(share, abs=1e-8)


@pytest.mark.parametrize(("hits", "n", "level"), [(-1, 3, 0.95), (4, 3, 0.95), (1, 3, 1.0)])
def test_refuses_what_is_no_count(hits: int, n: int, level: float) -> None:
    with pytest.raises(InputError, match="expected 0 <= hits <= n"):
        clopper_pearson(hits, n, level=level)
