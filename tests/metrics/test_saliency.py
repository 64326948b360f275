"""What is marked most: ties, false shares, and nothing to mark."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from mien.errors import ArrayError
from mien.metrics.saliency import flagged, top_share

ROWS = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=40)


def columns(rows) -> tuple[np.ndarray, np.ndarray]:
    return np.array([r[0] for r in rows], float), np.array([r[1] for r in rows], bool)


@given(ROWS, st.randoms())
def test_the_order_of_regions_does_not_matter(rows, random) -> None:
    values, truth = columns(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    assert top_share(values[order], truth[order]) == top_share(values, truth)
    assert (
        flagged(values[order], truth[order], fpr=0.2) == flagged(values, truth, fpr=0.2)[order]
    ).all()


def test_equal_highest_count_by_share() -> None:
    values = np.array([1.0, 3.0, 3.0, 3.0, -4.0])
    assert top_share(values, np.array([True, True, False, False, True])) == pytest.approx(1 / 3)
    assert top_share(values[::-1], np.zeros(5, bool)) == 0
    assert math.isnan(top_share(np.zeros(0), np.zeros(0, bool)))


@given(ROWS, st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0]))
def test_marks_as_much_as_the_roc_curve_allows(rows, fpr: float) -> None:
    values, truth = columns(rows)
    marked = flagged(values, truth, fpr=fpr)
    if truth.all():
        assert marked.all()
        return
    assert marked[~truth].mean() <= fpr + 1e-9
    if truth.any():
        false, hits, _ = roc_curve(truth, values, drop_intermediate=False)
        assert marked[truth].mean() == pytest.approx(hits[false <= fpr + 1e-9].max())


def test_columns_of_another_length_are_refused() -> None:
    with pytest.raises(ArrayError):
        flagged(np.zeros(3), np.zeros(2, bool), fpr=0.1)
    assert len(flagged(np.zeros(0), np.zeros(0, bool), fpr=0.1)) == 0
