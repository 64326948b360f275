"""Open-set identification: thresholds by gallery size, probabilities, and "nobody here"."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError, ModelError
from mien.recognition.calibration import Calibration
from mien.recognition.identify import decide, gallery_posterior, gallery_threshold
from mien.types import OperatingPoint
from mien.types.candidate import Candidate
from tests.recognition.synthetic import MODEL

POINTS = tuple(
    OperatingPoint(0.5 + 0.1 * step, 10.0**-step, "toy", 10**7, MODEL) for step in range(2, 6)
)
CALIBRATION = Calibration(MODEL, "logistic", (-6.0, 4.0), -4.0, 8.0, "toy", 100, 1000, 0.3)


def candidates(*scores: float) -> list[Candidate]:
    return [Candidate(10 + i, i, score, i + 1) for i, score in enumerate(scores)]


def test_a_larger_gallery_needs_a_higher_threshold() -> None:
    # FPIR 1 % among 10 references: FMR of about 1e-3 each.
    point = gallery_threshold(POINTS, gallery_size=10, fpir=0.01)
    assert point.needed_fmr == pytest.approx(1 - 0.99**0.1)
    assert point.threshold == pytest.approx(0.8, abs=1e-3)
    sizes = [gallery_threshold(POINTS, gallery_size=n).threshold for n in (1, 10, 100, 900)]
    assert sizes == sorted(sizes)
    assert not point.extrapolated


def test_beyond_the_measured_rates_it_refuses_unless_told() -> None:
    with pytest.raises(ModelError, match=r"needs FMR 1e-07 a comparison, not measurable"):
        gallery_threshold(POINTS, gallery_size=100_000)
    point = gallery_threshold(POINTS, gallery_size=100_000, extrapolate=True)
    assert point.extrapolated
    assert point.threshold == pytest.approx(1.2, abs=1e-3)
    # Easier than every measured rate: the loosest measured threshold stays.
    assert gallery_threshold(POINTS, gallery_size=1, fpir=0.5).threshold == pytest.approx(0.7)
    with pytest.raises(ModelError, match="one model"):
        gallery_threshold([], gallery_size=3)
    with pytest.raises(InputError, match="FPIR 0"):
        gallery_threshold(POINTS, gallery_size=3, fpir=0)


def test_nobody_here_is_an_answer() -> None:
    threshold = gallery_threshold(POINTS, gallery_size=10)
    above = decide(candidates(0.85, 0.6), threshold, n_subjects=10)
    below = decide(candidates(0.75, 0.6), threshold, n_subjects=10)
    empty = decide([], threshold, n_subjects=0, calibration=CALIBRATION)
    assert (above.subject_id, above.nobody) == (0, False)
    assert (below.subject_id, below.nobody) == (None, True)
    assert empty.nobody
    assert empty.probability_nobody == 1
    assert below.to_dict()["answer"] == "nobody"
    assert above.to_dict()["candidates"][0] == {
        "reference_id": 10,
        "subject_id": 0,
        "score": 0.85,
        "rank": 1,
        "probability": None,
    }


def test_a_score_at_the_threshold_is_named() -> None:
    threshold = gallery_threshold(POINTS, gallery_size=10)
    assert not decide(candidates(threshold.threshold), threshold, n_subjects=1).nobody


def test_posterior_by_hand() -> None:
    # Two of two subjects, LR 6 and 1/2, prior 1/2: weights 6/4, 1/8, nobody 1/2.
    likely, other, nobody = gallery_posterior(np.log([6, 0.5]), n_subjects=2, prior=0.5)
    total = 1.5 + 0.125 + 0.5
    assert likely == pytest.approx([1.5 / total, 0.125 / total])
    assert (other, nobody) == (0, pytest.approx(0.5 / total))
    # Eight more that were not returned count at most as the last one.
    likely, other, nobody = gallery_posterior(np.log([6, 0.5]), n_subjects=10, prior=0.5)
    total = (6 + 0.5 + 8 * 0.5) / 20 + 0.5
    assert other == pytest.approx(8 * 0.5 / 20 / total)
    with pytest.raises(InputError, match="prior"):
        gallery_posterior([0.0], n_subjects=1, prior=1)


@given(
    st.lists(st.floats(-1, 1), max_size=8),
    st.integers(0, 1000),
    st.integers(1, 9),
    st.floats(0.01, 0.99),
)
def test_probabilities_add_up_to_one(scores, more, k, prior) -> None:
    threshold = gallery_threshold(POINTS, gallery_size=10)
    found = decide(
        candidates(*scores),
        threshold,
        n_subjects=len(scores) + more,
        k=k,
        calibration=CALIBRATION,
        prior=prior,
    )
    named = [item.probability for item in found.candidates]
    assert len(named) == min(k, len(scores))
    assert named == sorted(named, reverse=True)
    total = math.fsum(named) + found.probability_other + found.probability_nobody
    assert total == pytest.approx(1)


def test_the_same_score_says_less_in_a_larger_gallery() -> None:
    threshold = gallery_threshold(POINTS, gallery_size=10)
    small, large = (
        decide(candidates(0.95), threshold, n_subjects=n, calibration=CALIBRATION)
        for n in (1, 1000)
    )
    assert small.candidates[0].probability > large.candidates[0].probability


def test_the_best_reference_of_a_subject_counts_and_order_does_not() -> None:
    threshold = gallery_threshold(POINTS, gallery_size=10)
    many = [
        Candidate(1, 7, 0.6, 3),
        Candidate(2, 7, 0.9, 1),
        Candidate(3, 5, 0.7, 2),
        Candidate(4, 4, 0.7, 2),
    ]
    found = decide(many, threshold, n_subjects=3)
    assert found == decide(many[::-1], threshold, n_subjects=3)
    assert [item.candidate.reference_id for item in found.candidates] == [2, 4, 3]
    with pytest.raises(InputError, match="got 3 subjects, the gallery has 2"):
        decide(many, threshold, n_subjects=2)
    with pytest.raises(InputError, match="k: got 0"):
        decide(many, threshold, n_subjects=3, k=0)
    with pytest.raises(ModelError, match="calibration of other@1"):
        decide(many, threshold, n_subjects=3, calibration=replace(CALIBRATION, model_id="other@1"))
