"""Templates of sets: order, grouping and number of calls do not matter."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError, InputError, TemplateMismatchError
from mien.recognition.sets import TemplateSet, merge, picture_weights, quality_weighted_mean
from mien.types import Templates
from tests.recognition.synthetic import MODEL, templates

SIZES = st.integers(1, 12)


def same(one: TemplateSet, other: TemplateSet) -> None:
    for name in ("sums", "weights", "counts", "quality_sum", "n"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-12)


def yaws(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-90, 90, n)


@given(SIZES, st.integers(0, 5), st.randoms(use_true_random=False))
def test_order_does_not_matter(n: int, seed: int, random) -> None:
    rows, yaw = templates(n, seed=seed), yaws(n, seed)
    order = random.sample(range(n), n)
    whole = TemplateSet.of(rows, yaw_deg=yaw)
    same(whole, TemplateSet.of(rows[order], yaw_deg=yaw[order]))
    running = TemplateSet.empty(MODEL, rows.dimension)
    for index in order:
        running = running.update(rows[[index]], yaw_deg=yaw[[index]])
    same(whole, running)
    np.testing.assert_allclose(running.result().vectors, whole.result().vectors, atol=1e-6)


@given(SIZES, SIZES, SIZES, st.integers(0, 3))
def test_merging_equals_computing_over_all(a: int, b: int, c: int, seed: int) -> None:
    rows = templates(a + b + c, seed=seed)
    parts = [rows[:a], rows[a : a + b], rows[a + b :]]
    one, two, three = (TemplateSet.of(part) for part in parts)
    same(merge(merge(one, two), three), merge(one, merge(two, three)))
    same(merge(one, two), merge(two, one))
    same(merge(merge(one, two), three), TemplateSet.of(rows))
    same(merge(one, TemplateSet.empty(MODEL, 8)), one)


def test_memory_does_not_grow() -> None:
    few, many = TemplateSet.of(templates(1)), TemplateSet.of(templates(5000))
    assert few.sums.shape == many.sums.shape
    assert len(pickle.dumps(few)) == pytest.approx(len(pickle.dumps(many)), abs=20)
    same(pickle.loads(pickle.dumps(many)), many)


def test_of_one_picture_it_is_that_picture() -> None:
    one = templates(1)
    for rule in ("cluster", "quality"):
        result = TemplateSet.of(one).result(rule=rule)
        np.testing.assert_allclose(result.vectors, one.vectors, atol=1e-6)
        assert result.quality == pytest.approx(one.quality, rel=1e-5)
        assert result.norm == pytest.approx(1)
        assert result.model_id == MODEL


def test_the_weighted_mean_by_hand() -> None:
    rows = Templates(
        np.eye(2, dtype=np.float32), np.ones(2, np.float32), MODEL, np.array([100, 25], np.float32)
    )
    # Weights 1 and 1/2: the mean is (2/3, 1/3).
    expected = np.array([2, 1]) / np.sqrt(5)
    np.testing.assert_allclose(quality_weighted_mean(rows).vectors[0], expected, atol=1e-6)
    plain = Templates(rows.vectors, rows.norm, MODEL)
    np.testing.assert_allclose(quality_weighted_mean(plain).vectors[0], np.sqrt(0.5), atol=1e-6)


def test_a_hundred_frames_alike_do_not_outvote() -> None:
    rows = Templates(
        np.eye(2, dtype=np.float32)[[0] * 100 + [1]],
        np.ones(101, np.float32),
        MODEL,
        np.array([30.0] * 100 + [90.0], np.float32),
    )
    by_quality = TemplateSet.of(rows).result(rule="quality").vectors[0]
    by_cluster = TemplateSet.of(rows).result(rule="cluster").vectors[0]
    assert by_quality[1] < by_cluster[1]


@given(st.floats(0, 100), st.floats(0, 100))
def test_better_pictures_weigh_more(one: float, two: float) -> None:
    low, high = np.sort([one, two])
    assert picture_weights(np.array([low])) <= picture_weights(np.array([high]))


def test_what_cannot_be_aggregated_is_refused() -> None:
    some, empty = TemplateSet.of(templates(2)), TemplateSet.empty(MODEL, 8)
    with pytest.raises(InputError, match="no picture"):
        empty.result()
    same(empty.update(templates(0)), empty)
    with pytest.raises(TemplateMismatchError, match="cannot be merged"):
        some.update(templates(1, model_id="other@1"))
    with pytest.raises(ArrayError, match="merge: got sums"):
        some.update(templates(1, dimension=4))
    with pytest.raises(ArrayError, match="yaw_deg"):
        some.update(templates(2), yaw_deg=np.zeros(3))
    with pytest.raises(InputError, match="'best'"):
        some.result(rule="best")  # type: ignore[arg-type]
    opposite = np.array([[1, 0], [-1, 0]], np.float32)
    with pytest.raises(InputError, match="cancel out"):
        quality_weighted_mean(Templates(opposite, np.ones(2, np.float32), MODEL))
