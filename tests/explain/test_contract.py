"""What every explainer must do, tested over the registry."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.errors import InputError
from mien.explain.case import Case
from mien.explain.explainer import known_explainers
from mien.explain.explaining import explain_case, find
from tests.explain.conftest import make_game

METHODS = sorted(
    name for name, one in known_explainers().items() if not getattr(one, "needs_torch", False)
)


def small_budget(method: str) -> int:
    return max(64, known_explainers()[method].smallest_budget)


def counted(case: Case) -> tuple[Case, list[int]]:
    """The case, and how many crops each call of its scorer and embedder got."""
    seen: list[int] = []

    def score(crops: np.ndarray) -> np.ndarray:
        seen.append(len(crops))
        return case.score(crops)

    def embed(crops: np.ndarray) -> np.ndarray:
        seen.append(len(crops))
        return case.embed(crops)

    return replace(case, score=score, embed=embed), seen


@pytest.mark.parametrize("method", METHODS)
class TestEveryExplainer:
    def test_it_says_what_it_is(self, method: str) -> None:
        one = known_explainers()[method]
        assert one.name == method
        assert one.title
        assert 2 <= one.smallest_budget <= one.budget

    def test_shapes_and_finite_values(self, method: str, game: Case) -> None:
        found = find(game, method=method, budget=small_budget(method))
        assert found.map.shape == game.labels.shape
        assert found.region_scores.shape == (len(game.regions),)
        assert np.isfinite(found.map).all()
        assert np.isfinite(found.region_scores).all()
        if found.region_spread is not None:
            assert found.region_spread.shape == (len(game.regions),)
            assert (found.region_spread >= 0).all()

    @pytest.mark.parametrize("extra", [0, 1, 37])
    def test_it_keeps_to_its_budget_and_says_what_it_took(
        self, method: str, game: Case, extra: int
    ) -> None:
        case, seen = counted(game)
        budget = known_explainers()[method].smallest_budget + extra
        found = find(case, method=method, budget=budget)
        assert found.model_calls == sum(seen) <= budget

    def test_a_seed_gives_the_same_and_threads_change_nothing(self, method: str) -> None:
        budget = small_budget(method)
        first = find(make_game(), method=method, budget=budget, seed=3)
        again = find(make_game(), method=method, budget=budget, seed=3)
        other = find(make_game(threads=3), method=method, budget=budget, seed=3)
        for one in (again, other):
            np.testing.assert_array_equal(first.map, one.map)
            np.testing.assert_array_equal(first.region_scores, one.region_scores)

    def test_a_crop_without_a_picture_and_one_region_alone(self, method: str) -> None:
        for case in (make_game(uniform=True), make_game(one_region=True)):
            found = find(case, method=method, budget=small_budget(method))
            assert np.isfinite(found.map).all()
            assert np.isfinite(found.region_scores).all()

    def test_a_region_that_is_nowhere_has_no_part(self, method: str, game: Case) -> None:
        found = find(game, method=method, budget=small_budget(method))
        assert found.region_scores[game.regions.index("nowhere")] == 0

    def test_a_budget_too_small_is_refused(self, method: str, game: Case) -> None:
        with pytest.raises(InputError, match="budget: got 1, expected"):
            explain_case(game, method=method, budget=1)

    def test_the_explanation_lies_where_the_crop_lies(self, method: str, game: Case) -> None:
        found = explain_case(game, method=method, budget=small_budget(method))
        assert found.map.shape == (140, 160)
        outside = np.ones((140, 160), bool)
        # A map is sampled between pixels: its edge fades over one more.
        outside[18 : 22 + 2 * 48, 8 : 12 + 2 * 48] = False
        assert not found.map[outside].any()
        assert found.method == method
        assert found.target == "game"
