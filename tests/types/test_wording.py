"""Explanations in words: literal sentences, and what is never said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.types.explanation import Explanation
from mien.types.wording import CAUTION, facts, named


def explained(
    scores: dict[str, float],
    *,
    spread: list[float] | None = None,
    score: float = 0.93,
    threshold: float | None = 0.91,
    target: str = "match",
) -> Explanation:
    return Explanation(
        method="shapley",
        target=target,
        model_id="m@0",
        base_score=score,
        map=np.zeros((2, 2), np.float32),
        regions=tuple(scores),
        region_scores=np.array(list(scores.values()), np.float32),
        region_spread=None if spread is None else np.array(spread, np.float32),
        model_calls=100,
        seed=0,
        threshold=threshold,
    )


def test_the_issues_example() -> None:
    scores = {"left_eye": 0.21, "right_eye": 0.20, "nose": 0.39, "mouth": -0.20}
    text = explained(scores, spread=[0.01] * 4).to_text()
    assert text == (
        "The score is 0.93, above 0.91. The eyes carry 41 % of what the regions say. "
        "The nose carries 39 %. The mouth speaks against it. " + CAUTION
    )


def test_a_region_whose_interval_includes_0_is_no_cause() -> None:
    scores = {"left_eye": 0.5, "right_eye": 0.1, "nose": -0.3, "chin": 0.1}
    text = explained(scores, spread=[0.1, 0.1, 0.2, 0.0], score=0.5).to_text()
    assert text == (
        "The score is 0.50, below 0.91. The left eye carries 50 % of what the regions say. "
        "The chin carries 10 %. Not sure to matter, their interval includes 0: the nose and the "
        "right eye. " + CAUTION
    )


def test_two_eyes_that_disagree_stay_two() -> None:
    text = explained({"left_eye": 0.6, "right_eye": -0.4}, spread=[0.1, 0.1]).to_text()
    assert "The left eye carries 60 % of what the regions say. The right eye speaks against" in text


def test_an_attribute_without_threshold_and_without_intervals() -> None:
    text = explained({"brow": 2.0}, score=31.9, threshold=None, target="apparent_age").to_text()
    assert text == (
        "The score of apparent age is 31.90. The brow carries 100 % of what the regions say. "
        "The method gives no intervals. " + CAUTION
    )


@pytest.mark.parametrize(
    ("score", "threshold", "said"),
    [
        (0.91, 0.91, "The score is 0.91, at 0.91."),
        (0.9149, 0.9141, "The score is 0.915, above 0.914."),
        (0.9101, 0.9149, "The score is 0.910, below 0.915."),
    ],
)
def test_a_score_never_stands_above_itself(score: float, threshold: float, said: str) -> None:
    assert explained({"nose": 1.0}, score=score, threshold=threshold).to_text().startswith(said)


def test_nothing_to_name() -> None:
    assert "No region can be named as a cause." in explained({}).to_text()
    assert "No region can be named as a cause." in explained({"nose": 0.0}).to_text()


def test_a_language_model_gets_facts_and_nothing_else() -> None:
    seen = []
    explanation = explained({"nose": 1.0})
    text = explanation.to_text(words=lambda known: seen.append(known) or "said")
    assert text == "said"
    assert seen == [facts(explanation)]
    assert seen[0]["match"] is True
    assert seen[0]["for"] == [{"region": "nose", "share": 1.0, "score": 1.0, "sure": True}]


@given(st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4), st.permutations(range(4)))
def test_the_order_of_the_regions_says_nothing(scores: list[float], order: list[int]) -> None:
    names = ["left_brow", "right_brow", "nose", "hair"]
    spread = [0.05, 0.2, 0.1, 0.0]
    one = explained(dict(zip(names, scores, strict=True)), spread=spread)
    other = explained(
        {names[place]: scores[place] for place in order}, spread=[spread[place] for place in order]
    )
    assert facts(one)["unsure"] == facts(other)["unsure"]
    assert one.to_text() == other.to_text()


@given(st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3))
def test_only_sure_regions_are_causes(scores: list[float]) -> None:
    names = ["nose", "hair", "chin"]
    explanation = explained(dict(zip(names, scores, strict=True)), spread=[0.2] * 3)
    known = facts(explanation)
    for entry in [*known["for"], *known["against"]]:
        assert abs(entry["score"]) > 1.96 * 0.2
        assert (entry["score"] > 0) == (entry in known["for"])
    for region in known["unsure"]:
        cause, _, unsure = explanation.to_text().partition("interval includes 0:")
        assert named(region).lower() not in cause.lower()
        assert named(region) in unsure
