"""Insertion and deletion areas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.explain import masking
from mien.explain.case import Case
from mien.explain.explaining import explain_case
from mien.explain.faithfulness import curve_calls, curves, faithfulness


def linear(game: Case, weight: np.ndarray) -> Case:
    """Score: the sum of weights of pixels that are not black, on a white crop."""
    crop = np.full_like(game.crop, 255)

    def score(crops: np.ndarray) -> np.ndarray:
        return ((crops[..., 0] > 128) * weight).sum(axis=(1, 2)).astype(np.float32)

    return replace(game, crop=crop, score=score, fill="black")


def test_by_hand(game: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first tenth of pixels holds the whole score."""
    monkeypatch.setattr(masking, "FILLS", {"black": np.zeros_like})
    weight = np.zeros((48, 48))
    weight.ravel()[:230] = 1 / 230
    case = linear(game, weight)
    shown, hidden = curves(case, weight, steps=11)
    np.testing.assert_allclose(shown, [0, *[1] * 10], atol=1e-5)
    np.testing.assert_allclose(hidden, [1, *[0] * 10], atol=1e-5)
    areas, calls = faithfulness(case, weight, steps=11)
    assert (areas.insertion, areas.deletion) == pytest.approx((0.95, 0.05), abs=1e-5)
    assert calls == curve_calls(11) == 20


def test_a_right_map_is_more_faithful_than_a_wrong_one(game: Case) -> None:
    right = explain_case(game, method="shapley", budget=64, faithfulness=True)
    assert right.faithfulness is not None
    assert right.model_calls == 32 + curve_calls()
    found = np.where(game.labels == 1, 3.0, np.where(game.labels == 2, -2.0, 1.0))
    good, _ = faithfulness(game, found)
    bad, _ = faithfulness(game, -found)
    assert good.insertion > bad.insertion
    assert good.deletion < bad.deletion
