"""Each explainer on games whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.explain.case import Case
from mien.explain.correspondence import find as correspond
from mien.explain.explaining import find
from mien.explain.masking import FILLS, shown_regions
from mien.explain.shapley import draw, fit
from mien.explain.submodular import lazy_greedy
from mien.explain.symmetry import folded, left_half


def scores_of(case: Case, method: str, budget: int, seed: int = 0) -> dict[str, float]:
    found = find(case, method=method, budget=budget, seed=seed)
    return dict(zip(case.regions, found.region_scores.tolist(), strict=True))


def brute_force(values: dict[frozenset[int], float], n: int) -> np.ndarray:
    """Shapley values by their definition: the mean gain over all orders."""
    total = np.zeros(n)
    orders = list(permutations(range(n)))
    for order in orders:
        for place, one in enumerate(order):
            before = frozenset(order[:place])
            total[one] += values[before | {one}] - values[before]
    return total / len(orders)


class TestOcclusion:
    def test_what_is_lost_without_each(self, game: Case) -> None:
        # 3 a - 2 b + 4 c d: without c, or without d, all of c d is gone.
        expected = {"frame": 0, "a": 3, "b": -2, "c": 4, "d": 4, "nowhere": 0}
        assert scores_of(game, "occlusion", 14) == pytest.approx(expected)

    def test_the_map_is_the_score_over_the_share_of_pixels(self, game: Case) -> None:
        found = find(game, method="occlusion", budget=14)
        assert found.map[10, 10] == pytest.approx(3 * 48 * 48 / (16 * 16))
        assert found.map.mean() == pytest.approx(3 - 2 + 4 + 4)


class TestShapley:
    def test_exact_values_by_hand(self, game: Case) -> None:
        # c and d give their 4 together: half of it each.
        expected = {"frame": 0, "a": 3, "b": -2, "c": 2, "d": 2, "nowhere": 0}
        found = find(game, method="shapley", budget=64)
        got = dict(zip(game.regions, found.region_scores.tolist(), strict=True))
        assert got == pytest.approx(expected, abs=1e-5)
        assert found.model_calls == 32
        assert not found.region_spread.any()
        assert found.notes == ("exact: every set of regions was tried",)

    @given(st.integers(2, 6), st.integers(0, 1000))
    def test_all_coalitions_give_the_definition(self, n: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        sets = [frozenset(c) for k in range(n + 1) for c in combinations(range(n), k)]
        values = dict(zip(sets, rng.normal(size=len(sets)), strict=True))
        values[frozenset()] = 0.0
        drawn = draw(n, 2**n, rng)
        own = np.array([values[frozenset(np.flatnonzero(row).tolist())] for row in drawn.inside])
        found, errors = fit(drawn, own, values[sets[-1]])
        np.testing.assert_allclose(found, brute_force(values, n), atol=1e-9)
        assert not errors.any()

    @given(st.integers(1, 14), st.integers(2, 200), st.integers(0, 1000))
    def test_what_is_drawn(self, n: int, budget: int, seed: int) -> None:
        drawn = draw(n, budget, np.random.default_rng(seed))
        assert len(drawn.inside) <= budget
        size = drawn.inside.sum(axis=1)
        assert ((size > 0) & (size < n)).all()
        assert (drawn.weight > 0).all()
        for pair in range(int(drawn.pair.max(initial=-1)) + 1):
            one, other = drawn.inside[drawn.pair == pair]
            assert (one ^ other).all()

    @pytest.mark.parametrize("budget", [64, 100, 128, 300])
    def test_a_sample_adds_up_and_its_errors_hold(self, budget: int) -> None:
        """On random games of ten players with pairs that interact."""
        n, deviations, gaps = 10, [], []
        for seed in range(60):
            rng = np.random.default_rng(seed)
            alone, together = rng.normal(size=n), np.triu(rng.normal(size=(n, n)), 1)
            exact = alone + (together.sum(axis=0) + together.sum(axis=1)) / 2
            drawn = draw(n, budget - 2, rng)
            rows = drawn.inside.astype(float)
            values = rows @ alone + np.einsum("ni,ij,nj->n", rows, together, rows)
            # Complements cancel pairs exactly: triples are what the sample must guess.
            triples = rng.normal(size=n)
            values += (rows @ triples) ** 3 / 40
            total = float(exact.sum() + triples.sum() ** 3 / 40)
            found, errors = fit(drawn, values, total)
            assert found.sum() == pytest.approx(total)
            whole = draw(n, 2**n, rng)
            rows = whole.inside.astype(float)
            truth, _ = fit(
                whole,
                rows @ alone
                + np.einsum("ni,ij,nj->n", rows, together, rows)
                + (rows @ triples) ** 3 / 40,
                total,
            )
            deviations.append(found - truth)
            gaps.append(errors)
        ratio = np.sqrt(np.mean(np.square(deviations)) / np.mean(np.square(gaps)))
        assert 0.7 < ratio < 1.4


@pytest.mark.parametrize(
    ("method", "budget"), [("rise", 600), ("dise", 600), ("window", 401), ("submodular", 64)]
)
def test_what_speaks_for_and_against_is_found(method: str, budget: int, game: Case) -> None:
    scores = scores_of(game, method, budget)
    assert scores["b"] == min(scores[name] for name in "abcd")
    assert scores["a"] > 0 > scores["b"]


class TestSubmodular:
    @staticmethod
    def coverage(seed: int, n: int) -> tuple[np.ndarray, list[int]]:
        """Which of 20 things each of n elements covers; the asked counter."""
        rng = np.random.default_rng(seed)
        return rng.random((n, 20)) < 0.25, [0]

    @given(st.integers(0, 500), st.integers(1, 8), st.integers(1, 5))
    def test_lazy_is_greedy_and_keeps_its_bound(self, seed: int, n: int, together: int) -> None:
        covers, asked = self.coverage(seed, n)

        def value(chosen: frozenset[int]) -> float:
            return float(covers[sorted(chosen)].any(axis=0).sum()) if chosen else 0.0

        def values(sets: list[frozenset[int]]) -> np.ndarray:
            asked[0] += len(sets)
            return np.array([value(one) for one in sets])

        got = lazy_greedy(n, values, together=together)
        plain: list[int] = []
        while len(plain) < n:
            rest = [one for one in range(n) if one not in plain]
            gain = [value(frozenset([*plain, one])) for one in rest]
            plain.append(rest[int(np.argmax(gain))])
        assert got.order == tuple(plain)
        assert got.rose == 0
        assert asked[0] <= 1 + n * (n + 1)
        for k in range(1, n + 1):
            best = max(value(frozenset(one)) for one in combinations(range(n), k))
            assert value(frozenset(got.order[:k])) >= (1 - 1 / np.e) * best - 1e-9

    def test_when_no_more_may_be_asked_the_rest_follows(self) -> None:
        asked = [0]

        def values(sets: list[frozenset[int]]) -> np.ndarray | None:
            asked[0] += 1
            if asked[0] > 1:
                return None
            return np.array([float(sum(one)) for one in sets])

        got = lazy_greedy(4, values)
        assert got.order == (3, 2, 1, 0)
        assert not got.all_asked

    def test_scores_along_the_order_add_up(self, game: Case) -> None:
        found = find(game, method="submodular", budget=200)
        nothing = float(game.score(FILLS[game.fill](game.crop)[None])[0])
        assert found.region_scores.sum() == pytest.approx(found.base_score - nothing, abs=1e-5)
        assert found.notes[0].startswith("in the order in which regions were taken: ")


class TestCorrespondence:
    def test_it_is_the_loss_that_two_hidden_parts_share(self, game: Case) -> None:
        """Against the definition, with every pair of hidden parts embedded."""
        found = correspond(game, 64, np.random.default_rng(0))
        other = game.partner
        assert other is not None
        assert game.embed is not None

        def without(crop: np.ndarray, labels: np.ndarray, region: int | None) -> np.ndarray:
            kept = np.ones((1, len(game.regions)), bool)
            if region is not None:
                kept[0, region] = False
            hidden = FILLS[game.fill](crop)
            return game.embed(shown_regions(crop, hidden, labels, kept)(slice(0, 1)))[0]

        def score(mine: int | None, theirs: int | None) -> float:
            left = without(game.crop, game.labels, mine)
            return float(left @ without(other.crop, other.labels, theirs))

        for mine, theirs in ((1, 2), (3, 3), (0, 4)):
            alone = score(None, None) - score(mine, None)
            already = score(None, theirs) - score(mine, theirs)
            assert found.correspondence[mine, theirs] == pytest.approx(alone - already, abs=1e-5)
        assert found.correspondence[5].tolist() == [0] * 6
        np.testing.assert_allclose(found.region_scores, found.correspondence.sum(axis=1), atol=1e-7)

    def test_one_picture_is_not_enough(self, game: Case) -> None:
        with pytest.raises(InputError, match="compares two pictures"):
            find(replace(game, partner=None), method="correspondence", budget=64)


class TestSymmetry:
    def test_halves_of_a_symmetric_crop_agree(self, game: Case) -> None:
        crop = game.crop.copy()
        crop[:, 24:] = crop[:, :24][:, ::-1]
        case = replace(game, crop=crop)
        left = left_half(case)
        np.testing.assert_array_equal(folded(case, left), crop)
        np.testing.assert_array_equal(folded(case, ~left), crop)
        case = replace(case, score=lambda crops: crops.reshape(len(crops), -1).mean(axis=1))
        found = find(case, method="symmetry", budget=4)
        assert "differ by 0.0000" in found.notes[0]

    def test_the_middle_is_that_of_the_paired_parts(self, game: Case) -> None:
        labels = np.zeros_like(game.labels)
        labels[10:14, 30:34], labels[10:14, 14:18] = 1, 2
        case = replace(game, labels=labels, regions=("skin", "left_eye", "right_eye"))
        left = left_half(case)
        assert left[0].tolist() == [False] * 24 + [True] * 24
