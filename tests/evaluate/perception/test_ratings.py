"""Ratings of people: agreement, a model beside them, and broken files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mien.errors import DatasetError, InputError
from mien.evaluate.perception.ratings import Ratings, agreement, pair_item, ranks, read_ratings


def rated(noise: float, *, n: int = 60, raters: int = 6) -> tuple[Ratings, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=n)
    values = truth[:, None] + rng.normal(0, noise, (n, raters))
    values[rng.random(values.shape) < 0.2] = np.nan
    items = tuple(f"{row:02d}.jpg" for row in range(n))
    return Ratings(items, tuple(f"r{rater}" for rater in range(raters)), values), truth


def test_people_who_agree_and_a_model_that_does() -> None:
    ratings, truth = rated(0.4)
    found = agreement(ratings, truth, resamples=200)
    assert found.among_people.low < found.among_people.value < found.among_people.high
    assert found.among_people.value == pytest.approx(1 / (1 + 0.16), abs=0.08)
    assert found.with_model is not None
    assert found.with_model.value == pytest.approx(stats.spearmanr(truth, ratings.means).statistic)
    assert 0.8 < found.ceiling < 1


def test_people_who_do_not() -> None:
    found = agreement(rated(30.0)[0], resamples=100)
    assert found.among_people.low < 0.05
    assert found.with_model is None


def test_items_without_a_score_are_left_out() -> None:
    ratings, truth = rated(0.4)
    truth[:10] = np.nan
    found = agreement(ratings, truth, resamples=50)
    assert found.with_model is not None
    assert found.with_model.n == 50
    with pytest.raises(InputError, match="2 items"):
        agreement(Ratings(("a", "b"), ("r",), np.zeros((2, 1))))


def test_ranks_against_scipy() -> None:
    values = np.array([3.0, 1, 3, 2, 2, 2])
    assert ranks(values) + 1 == pytest.approx(stats.rankdata(values))


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("first,second,rater,rating\nb,a,ann,2\na,b,bob,3\n")
    found = read_ratings(path)
    assert found.items == (pair_item("a", "b"),)
    assert found.values.tolist() == [[2, 3]]
    for text, said in (
        ("item,rater,rating\na,ann,2\na,ann,3\n", r"ratings.csv:3: ann rated a already"),
        ("item,rater,rating\na,ann,good\n", r"ratings.csv:2: column rating: got 'good'"),
        ("item,rater,rating\n,ann,1\n", r"ratings.csv:2: the item or the rater is empty"),
        ("rater,rating\nann,1\n", r"ratings.csv:1: no column item"),
    ):
        path.write_text(text)
        with pytest.raises(DatasetError, match=said):
            read_ratings(path)
