"""Clustering metrics beside scikit-learn and a literal loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import homogeneity_score, normalized_mutual_info_score, pair_confusion_matrix

from mien.errors import ArrayError
from mien.metrics.clustering import (
    bcubed,
    homogeneity,
    normalised_mutual_information,
    pairwise,
    separate,
)

PARTITIONS = (
    st.integers(1, 25)
    .flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 5), min_size=n, max_size=n)] * 2))
    .map(lambda two: tuple(np.array(side) for side in two))
)


def literal_bcubed(labels: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    precision, recall = [], []
    for i in range(len(labels)):
        group = [j for j in range(len(labels)) if labels[j] == labels[i]]
        own = [j for j in range(len(labels)) if truth[j] == truth[i]]
        both = len(set(group) & set(own))
        precision.append(both / len(group))
        recall.append(both / len(own))
    return float(np.mean(precision)), float(np.mean(recall))


@given(PARTITIONS)
def test_bcubed_equals_the_literal_loop(sides: tuple[np.ndarray, np.ndarray]) -> None:
    found = bcubed(*sides)
    assert (found.precision, found.recall) == pytest.approx(literal_bcubed(*sides))


@given(PARTITIONS)
def test_pairs_and_entropies_equal_scikit_learn(sides: tuple[np.ndarray, np.ndarray]) -> None:
    labels, truth = sides
    (_, false_pairs), (missed, hits) = pair_confusion_matrix(truth, labels)
    found = pairwise(labels, truth)
    for value, total in ((found.precision, hits + false_pairs), (found.recall, hits + missed)):
        if total:
            assert value == pytest.approx(hits / total)
        else:
            assert math.isnan(value)
    assert homogeneity(labels, truth) == pytest.approx(homogeneity_score(truth, labels), abs=1e-9)
    if len(np.unique(labels)) > 1 or len(np.unique(truth)) > 1:
        expected = normalized_mutual_info_score(truth, labels)
        assert normalised_mutual_information(labels, truth) == pytest.approx(expected, abs=1e-9)


@given(PARTITIONS, st.permutations(range(6)))
def test_names_of_groups_do_not_matter(
    sides: tuple[np.ndarray, np.ndarray], names: list[int]
) -> None:
    labels, truth = sides
    renamed = np.array(names)[labels]
    for measure in (bcubed, homogeneity, normalised_mutual_information):
        assert measure(renamed, truth) == measure(labels, truth)


def test_alone_is_a_group_of_its_own() -> None:
    assert separate(np.array([-1, 0, -1, 0])).tolist() == [1, 0, 2, 0]
    found = bcubed(np.array([-1, -1]), np.array([3, 3]))
    assert (found.precision, found.recall, found.f) == (1, 0.5, pytest.approx(2 / 3))
    assert math.isnan(pairwise(np.array([-1, -1]), np.array([3, 3])).precision)


def test_nothing_and_unequal_lengths() -> None:
    none = np.zeros(0, np.int64)
    assert math.isnan(bcubed(none, none).f)
    assert math.isnan(pairwise(none, none).f)
    assert homogeneity(none, none) == normalised_mutual_information(none, none) == 1
    with pytest.raises(ArrayError, match="labels 1, truth 2"):
        bcubed(np.array([1]), np.array([1, 2]))
