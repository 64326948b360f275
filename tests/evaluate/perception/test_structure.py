"""Similarity structures: against scipy's own correlation, permutations, and broken files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mien.errors import DatasetError, InputError
from mien.evaluate.perception.structure import Similarities, read_similarities, structure_match


def of_points(points: np.ndarray) -> Similarities:
    names = tuple(f"face {number:02d}" for number in range(len(points)))
    return Similarities(names, -np.linalg.norm(points[:, None] - points, axis=2))


def test_related_and_unrelated_structures() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(14, 4))
    people = of_points(points)
    related = of_points(points + rng.normal(size=points.shape) * 0.3)
    found = structure_match(related, people, permutations=199)
    expected = stats.spearmanr(related.upper(), people.upper()).statistic
    assert found.correlation == pytest.approx(expected)
    assert found.p == pytest.approx(1 / 200)
    assert (found.n_items, found.n_pairs) == (14, 91)
    unrelated = of_points(rng.normal(size=points.shape))
    assert structure_match(unrelated, people, permutations=199, rank="kendall").p > 0.05


def test_the_order_of_items_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    one, other = (of_points(rng.normal(size=(8, 2))) for _ in range(2))
    order = tuple(rng.permutation(np.array(other.items)).tolist())
    ways = [structure_match(one, o, permutations=50) for o in (other, other.of(order))]
    assert ways[0] == ways[1]


def test_pairs_that_were_not_judged_are_left_out() -> None:
    rng = np.random.default_rng(2)
    one = of_points(rng.normal(size=(8, 2)))
    values = one.values.copy()
    values[0, 1] = values[1, 0] = np.nan
    found = structure_match(one, Similarities(one.items, values), permutations=20)
    assert found.n_pairs == 27
    assert found.correlation == pytest.approx(1)


def test_too_few_items() -> None:
    with pytest.raises(InputError, match="3 items"):
        structure_match(of_points(np.eye(3)), of_points(np.eye(3)))
    with pytest.raises(InputError, match="symmetric"):
        Similarities(("a", "b"), np.array([[0.0, 1.0], [2.0, 0.0]]))


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "human.csv"
    path.write_text("first,second,similarity\nb,a,2\na,b,4\na,c,1\n")
    found = read_similarities(path)
    assert found.items == ("a", "b", "c")
    assert found.values[0, 1] == found.values[1, 0] == 3
    assert np.isnan(found.values[1, 2])
    path.write_text("first,second,similarity\na,a,2\n")
    with pytest.raises(DatasetError, match=r"human.csv:2: got 'a' and 'a'"):
        read_similarities(path)
    path.write_text("first,second,similarity\na,b,nan\n")
    with pytest.raises(DatasetError, match=r"human.csv:2: column similarity"):
        read_similarities(path)
