"""Forged frames and videos: pooling by number, whatever the order of frames."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mien.errors import ArrayError
from mien.metrics.forgery import forgery_scores, pooled


def test_pooled_by_hand() -> None:
    score, video = np.array([0.2, 0.9, 0.4, 0.1]), np.array([7, 3, 7, 7])
    forged = np.array([False, True, False, False])
    for by, expected in (("mean", [0.9, 0.7 / 3]), ("median", [0.9, 0.2]), ("max", [0.9, 0.4])):
        found, label = pooled(score, forged, video, by=by)
        assert found == pytest.approx(expected)
        assert label.tolist() == [True, False]


def test_order_of_frames_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    video = rng.integers(0, 10, 60)
    score, forged, order = rng.random(60), video % 2 == 0, rng.permutation(60)
    before = pooled(score, forged, video)
    after = pooled(score[order], forged[order], video[order])
    np.testing.assert_allclose(before[0], after[0])
    assert forgery_scores(*before) == forgery_scores(*after)


def test_empty_and_refused() -> None:
    none = np.zeros(0)
    score, label = pooled(none, none.astype(bool), none.astype(int))
    assert len(score) == len(label) == 0
    nothing = forgery_scores(score, label)
    assert math.isnan(nothing.auc)
    assert math.isnan(nothing.ap)
    assert math.isnan(nothing.eer)
    with pytest.raises(ArrayError, match=r"forged and real frames in \[4\]"):
        pooled(np.ones(2), np.array([True, False]), np.array([4, 4]))
    with pytest.raises(ArrayError, match="by: got 'sum'"):
        pooled(np.ones(1), np.ones(1, bool), np.zeros(1, int), by="sum")
    with pytest.raises(ArrayError, match="score: holds NaN"):
        forgery_scores(np.array([math.nan]), np.ones(1, bool))
