"""Error versus discard against a loop over every order of discarding."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError
from mien.metrics.discard import discard_area, error_versus_discard, pair_quality


def naive(score, quality, threshold, n_discarded):
    """Mean FNMR of what remains, over all orders that discard lower quality first."""
    rates = []
    for order in permutations(range(len(score))):
        ranked = [quality[i] for i in order]
        if ranked != sorted(ranked):
            continue
        kept = order[n_discarded:]
        rates.append(sum(score[i] < threshold for i in kept) / len(kept))
    return sum(rates) / len(rates)


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 3)),
        min_size=1,
        max_size=6,
    ),
    st.integers(0, 5),
)
def test_equals_the_loop_over_all_orders(pairs, n_discarded):
    score, quality = (np.array(column, float) for column in zip(*pairs, strict=True))
    n_discarded = min(n_discarded, len(score) - 1)
    got = error_versus_discard(
        score, quality, threshold=2.0, discard=np.array([n_discarded / len(score)])
    )
    expected = naive(score.tolist(), quality.tolist(), 2.0, n_discarded)
    assert got[0] == pytest.approx(expected, abs=1e-6)


def test_literal_curve():
    # Worked by hand: errors are the comparisons of quality 1 and 3 of five.
    score = np.array([0.1, 0.9, 0.2, 0.8, 0.5])
    quality = np.array([1, 2, 3, 4, 5])
    curve = error_versus_discard(
        score, quality, threshold=0.5, discard=np.array([0, 0.2, 0.4, 0.6, 0.8])
    )
    assert curve == pytest.approx([2 / 5, 1 / 4, 1 / 3, 0, 0], abs=1e-6)


def test_score_at_the_threshold_matches():
    curve = error_versus_discard(
        np.array([0.5]), np.array([1.0]), threshold=0.5, discard=np.zeros(1)
    )
    assert curve[0] == 0


def test_constant_quality_is_flat():
    score = np.array([0.1, 0.9, 0.9, 0.9])
    shares = np.linspace(0, 0.9, 10)
    curve = error_versus_discard(score, np.ones(4), threshold=0.5, discard=shares)
    assert curve == pytest.approx(0.25, abs=1e-6)
    assert discard_area(score, np.ones(4), threshold=0.5) == pytest.approx(0.25, abs=1e-6)


def test_area_prefers_the_quality_that_knows():
    score = np.linspace(0, 1, 100)
    assert discard_area(score, score, threshold=0.1) < discard_area(score, -score, threshold=0.1)


def test_no_comparisons():
    empty = np.zeros(0)
    curve = error_versus_discard(empty, empty, threshold=0.5, discard=np.array([0, 0.1]))
    assert np.isnan(curve).all()
    assert curve.shape == (2,)
    assert np.isnan(discard_area(empty, empty, threshold=0.5))


def test_pair_is_as_good_as_its_worse_sample():
    quality = np.array([10.0, 50.0, 90.0])
    assert pair_quality(quality, np.array([0, 1]), np.array([2, 2])).tolist() == [10, 50]


def test_columns_of_different_length_are_refused():
    with pytest.raises(ArrayError, match="differ in length"):
        error_versus_discard(np.zeros(2), np.zeros(3), threshold=0.5, discard=np.zeros(1))


@pytest.mark.parametrize("share", [1.0, -0.1])
def test_shares_outside_the_range_are_refused(share):
    with pytest.raises(ArrayError, match=r"expected shares in \[0, 1\)"):
        error_versus_discard(np.ones(2), np.ones(2), threshold=0.5, discard=np.array([0.0, share]))
