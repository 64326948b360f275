"""Attacks: the worst species counts, ties are detected, species without attacks are refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError
from mien.metrics.presentation_attack import (
    attack_errors,
    bpcer_at_apcer,
    equal_error_threshold,
    half_total_error_rate,
)

BOTH = ("print", "mask")


def test_by_hand() -> None:
    # Two of four prints and one of two masks reach 0.5; one of five bona fide is below.
    found = attack_errors(
        np.array([0.4, 0.5, 0.6, 0.7, 0.8]),
        np.array([0.1, 0.2, 0.5, 0.6, 0.5, 0.4]),
        np.array([0, 0, 0, 0, 1, 1]),
        species=BOTH,
        threshold=0.5,
    )
    assert [e.value for e in found.apcer] == [0.5, 0.5]
    assert found.species[found.worst] == "print"
    assert found.bpcer.value == 0.2
    assert found.acer == 0.35
    assert (found.apcer_worst.n, found.bpcer.n) == (4, 5)
    assert found.apcer_worst.low < 0.5 < found.apcer_worst.high


SCORES = st.lists(st.integers(0, 8).map(lambda n: n / 8), min_size=2, max_size=30)


@given(SCORES, SCORES, st.sampled_from([0.1, 0.05, 0.01]))
def test_no_species_is_above_the_rate_and_no_lower_threshold_does(real, fake, rate) -> None:
    bona_fide, attack = np.array(real), np.array(fake)
    kind = np.arange(len(fake)) % 2
    found = bpcer_at_apcer(bona_fide, attack, kind, species=BOTH, apcer=rate)
    assert max(e.value for e in found.apcer) <= rate + 1e-12
    for lower in np.unique(attack[attack < found.threshold]):
        worse = attack_errors(bona_fide, attack, kind, species=BOTH, threshold=lower)
        assert worse.apcer_worst.value > rate


def test_bpcer_rises_as_apcer_is_lowered() -> None:
    rng = np.random.default_rng(0)
    bona_fide, attack = rng.normal(1, 1, 500), rng.normal(0, 1, 400)
    rates = [
        bpcer_at_apcer(bona_fide, attack, np.zeros(400, int), species=("a",), apcer=a).bpcer.value
        for a in (0.1, 0.05, 0.01)
    ]
    assert rates == sorted(rates)


def test_empty_and_refused() -> None:
    none = np.zeros(0)
    assert math.isnan(half_total_error_rate(none, np.ones(1), threshold=0))
    assert math.isnan(equal_error_threshold(none, np.ones(1)))
    alone = attack_errors(none, np.ones(2), np.array([0, 1]), species=BOTH, threshold=0)
    assert math.isnan(alone.bpcer.value)
    with pytest.raises(ArrayError, match="got none of mask"):
        attack_errors(np.ones(1), np.ones(1), np.zeros(1, int), species=BOTH, threshold=0)
    with pytest.raises(ArrayError, match="kind: got 2 to 2, expected 0 to 1"):
        attack_errors(np.ones(1), np.ones(1), np.array([2]), species=BOTH, threshold=0)
    with pytest.raises(ArrayError, match="attack: holds NaN"):
        attack_errors(np.ones(1), np.array([math.nan]), np.array([0]), species=("a",), threshold=0)
