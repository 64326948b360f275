"""Intervals over people, against brute force and against coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mien.errors import ArrayError
from mien.metrics.clustered import clustered_interval, clustered_intervals, pair_weights


def all_pairs(subject: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    left, right = np.triu_indices(len(subject), 1)
    return subject[left], subject[right]


def test_weights_equal_copies_of_the_people_drawn() -> None:
    subject = np.array([0, 0, 1, 2, 2, 2])
    times = np.array([2, 0, 1])
    left, right = all_pairs(subject)
    weights = pair_weights(times, left, right)
    # Person 0 twice (one mated pair each), person 2 once (three mated pairs).
    assert weights[left == right].sum() == 2 * 1 + 3
    # Between two copies of person 0 and person 2: 2 * 2 * 3 comparisons; none with person 1.
    assert weights[left != right].sum() == 12


def test_more_people_more_sure_and_pictures_alone_do_not_help() -> None:
    rng = np.random.default_rng(0)

    def width(n_people: int, pictures: int) -> float:
        person = np.repeat(np.arange(n_people), pictures)
        left, right = all_pairs(person)
        mine = rng.random(n_people)[left]  # the figure depends on the person alone
        low, high = clustered_interval(
            lambda w: float((w * mine)[left == right].sum() / w[left == right].sum()),
            left,
            right,
            n_subjects=n_people,
        )
        return high - low

    assert width(100, 3) < width(10, 3)
    assert width(100, 6) > 0.5 * width(100, 3)


def test_seeded_and_of_every_statistic_at_once() -> None:
    left, right = all_pairs(np.repeat(np.arange(6), 2))
    figure = np.arange(len(left)) / len(left)

    def both(weights: np.ndarray) -> np.ndarray:
        return np.array([(weights * figure).sum() / weights.sum(), math.nan])

    first = clustered_intervals(both, left, right, n_subjects=6, seed=3)
    again = clustered_intervals(both, left, right, n_subjects=6, seed=3)
    np.testing.assert_array_equal(first, again)
    assert first[0, 0] < figure.mean() < first[0, 1]
    assert np.isnan(first[1]).all()


def test_intervals_are_shifted_to_the_figure_they_are_about() -> None:
    left, right = all_pairs(np.repeat(np.arange(6), 2))
    figure = np.arange(len(left)) / len(left)

    def flattered(weights: np.ndarray) -> np.ndarray:
        return np.array([(weights * figure).sum() / weights.sum() - 10])

    plain = clustered_intervals(flattered, left, right, n_subjects=6)
    about = clustered_intervals(flattered, left, right, n_subjects=6, about=np.array([0.5]))
    assert about[0, 1] - about[0, 0] == pytest.approx(plain[0, 1] - plain[0, 0])
    assert about[0, 0] < 0.5 < about[0, 1]


def test_no_comparisons_and_wrong_subjects() -> None:
    none = np.zeros(0, np.int64)
    assert all(math.isnan(x) for x in clustered_interval(lambda w: 0.0, none, none, n_subjects=0))
    with pytest.raises(ArrayError, match="subjects 0 to 1"):
        clustered_interval(lambda w: 0.0, np.array([0]), np.array([2]), n_subjects=2)
