"""Span on a network whose every region moves the template in three directions, one of them far."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.explain.case import Case
from mien.explain.explaining import find
from tests.explain.conftest import GAME_REGIONS, game_labels

#: The field that moves templates furthest, whatever is asked.
LOUD = 1


def linear_case(game: Case, true: int, *, gain: float = 12.0) -> Case:
    """Templates are sums over fields of (mean, deviation, left-right) times directions of theirs.

    What is asked for is the template's change where field ``true`` is another one's.
    """
    labels = game_labels()
    rng = np.random.default_rng(3)
    directions = rng.normal(size=(len(GAME_REGIONS), 3, 32))
    directions[LOUD] *= gain

    def embed(crops: np.ndarray) -> np.ndarray:
        grey = crops.mean(axis=3) / 255.0
        found = np.zeros((len(crops), 32))
        for region in np.unique(labels):
            pixels = grey[:, labels == region]
            half = pixels.shape[1] // 2
            facts = (pixels.mean(1), pixels.std(1), pixels[:, :half].mean(1) - pixels.mean(1))
            found += np.stack(facts, axis=1) @ directions[region]
        return found

    other = game.crop.copy()
    other[labels == true] = (other[labels == true] * 0.4 + 90).astype(np.uint8)
    first, second = embed(np.stack([game.crop, other]))
    direction = first - second
    return replace(game, score=lambda c: embed(c) @ direction, embed=embed, direction=direction)


@pytest.mark.parametrize("true", [2, 3, 4])
def test_it_finds_what_differs_where_another_region_is_louder(game: Case, true: int) -> None:
    case = linear_case(game, true)
    span = find(case, method="span", budget=64)
    assert int(np.argmax(span.region_scores)) == true
    assert (span.map == span.region_scores[case.labels]).all()
    # Most of the difference lies in what that region can do, and none reaches beyond it.
    whole = float(case.direction @ case.direction)
    assert span.region_scores[true] > 0.6 * whole
    assert np.abs(span.region_scores).max() <= whole * (1 + 1e-6)


def test_occlusion_names_the_louder_region_there(game: Case) -> None:
    """The reason why span is: on the same cases a long move wins by its length."""
    cases = [linear_case(game, true, gain=80) for true in (2, 3, 4)]
    found = {
        method: [find(case, method=method).region_scores for case in cases]
        for method in ("occlusion", "span")
    }
    named = [int(np.abs(scores).argmax()) for scores in found["occlusion"]]
    spanned = [int(scores.argmax()) for scores in found["span"]]
    assert LOUD in named
    assert spanned == [2, 3, 4]


def test_a_budget_of_one_way_is_enough_and_a_score_alone_is_said(game: Case) -> None:
    case = linear_case(game, 3)
    assert find(case, method="span", budget=14).model_calls == 11  # two ways, five regions
    scalar = find(game, method="span", budget=64)
    assert any("no product with a template" in note for note in scalar.notes)
    assert find(case, method="span", budget=64).notes == ()
