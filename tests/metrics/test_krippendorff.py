"""Krippendorff's alpha: a published worked example, weights, what must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.metrics.krippendorff import krippendorff_alpha

NAN = np.nan
#: Krippendorff (2011), example with missing ratings: 4 raters, 12 items.
EXAMPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


@pytest.mark.parametrize(
    ("level", "alpha"),
    # krippendorff 0.9.0: alpha(reliability_data=EXAMPLE.T, level_of_measurement=level);
    # the paper prints .743, .815 and .849.
    [
        ("nominal", 0.743421052631579),
        ("ordinal", 0.8153875037548814),
        ("interval", 0.8491071428571428),
    ],
)
def test_published_example(level, alpha) -> None:
    assert krippendorff_alpha(EXAMPLE, level=level) == pytest.approx(alpha, abs=1e-12)


def test_full_agreement_and_none() -> None:
    ratings = np.tile(np.arange(10.0)[:, None], 3)
    assert krippendorff_alpha(ratings) == 1
    rng = np.random.default_rng(0)
    assert krippendorff_alpha(rng.integers(0, 5, (4000, 3)).astype(float)) == pytest.approx(
        0, abs=0.04
    )
    assert krippendorff_alpha(np.array([[0.0, 1], [1, 0]] * 50)) < 0


def test_nothing_to_compare() -> None:
    for ratings in (np.zeros((0, 2)), np.full((3, 2), NAN), np.array([[1.0, NAN], [2, NAN]])):
        assert np.isnan(krippendorff_alpha(ratings))
    assert np.isnan(krippendorff_alpha(np.ones((3, 2))))


def test_an_item_twice_is_an_item_of_weight_two() -> None:
    weights = np.array([2.0, 1, 1, 0, 1, 1, 1, 3, 1, 1, 1, 1])
    rows = np.repeat(np.arange(12), weights.astype(int))
    for level in ("nominal", "ordinal", "interval"):
        assert krippendorff_alpha(EXAMPLE, level=level, weights=weights) == pytest.approx(
            krippendorff_alpha(EXAMPLE[rows], level=level)
        )


@given(st.permutations(range(12)), st.permutations(range(4)))
def test_order_does_not_matter(items: list[int], raters: list[int]) -> None:
    moved = EXAMPLE[np.array(items)][:, np.array(raters)]
    assert krippendorff_alpha(moved) == pytest.approx(krippendorff_alpha(EXAMPLE))
