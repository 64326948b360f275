"""The cross-group matrix against a loop over all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from mien.evaluate.audit.cross_groups import CrossGroups, cross_groups, false_matches
from mien.evaluate.audit.settings import Settings
from mien.evaluate.audit.within import fmr_figure
from mien.types import Templates


def some(n: int, seed: int = 0) -> tuple[Templates, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    templates = Templates.from_raw(rng.normal(size=(n, 4)).astype(np.float32), "m@1")
    return templates, rng.integers(-1, 3, n), rng.integers(0, n // 2, n)


def test_against_a_loop() -> None:
    templates, group, subject = some(60)
    found = cross_groups(
        false_matches(templates, subject, 0.5),
        group,
        subject,
        ("a", "b", "c"),
        resamples=50,
        seed=0,
    )
    n, hits = np.zeros((3, 3), int), np.zeros((3, 3), int)
    for i in range(60):
        for j in range(i + 1, 60):
            if subject[i] == subject[j] or min(group[i], group[j]) < 0:
                continue
            for cell in {(group[i], group[j]), (group[j], group[i])}:
                n[cell] += 1
                hits[cell] += float(templates.vectors[i] @ templates.vectors[j]) >= 0.5
    assert found.n.tolist() == n.tolist()
    assert found.matches.tolist() == hits.tolist()
    assert found.fmr == pytest.approx(hits / n)
    assert (found.low <= found.fmr).all()
    assert (found.fmr <= found.high).all()


def test_many_blocks_give_the_same() -> None:
    templates, _, subject = some(2100, seed=1)
    found = false_matches(templates, subject, 0.97)
    scores = templates.vectors.astype(float) @ templates.vectors.T.astype(float)
    i, j = np.nonzero(np.triu(scores.astype(np.float32) >= 0.97, 1))
    apart = subject[i] != subject[j]
    assert sorted(zip(found.first, found.second, strict=True)) == sorted(
        zip(i[apart], j[apart], strict=True)
    )


def test_an_empty_cell_and_the_figure() -> None:
    templates, _, subject = some(80, seed=2)
    group = np.repeat([0, 2], 40)
    found = cross_groups(
        false_matches(templates, subject, 0.2),
        group,
        subject,
        ("a", "b", "c"),
        resamples=50,
        seed=0,
    )
    assert np.isnan(found.fmr[1]).all()
    assert found.n[1].tolist() == [0, 0, 0]
    figure = fmr_figure(found, "who", Settings(resamples=50))
    assert [bool(group.too_small) for group in figure.groups] == [False, True, False]
    assert figure.groups[0].raw is not None
    assert figure.overall.n == found.n[0, 0] + found.n[2, 2] + found.n[0, 2]
    assert "worst to best" in figure.spread


def test_no_match_at_all() -> None:
    templates, group, subject = some(30, seed=3)
    found = cross_groups(
        false_matches(templates, subject, 1.1),
        group,
        subject,
        ("a", "b", "c"),
        resamples=20,
        seed=0,
    )
    assert not found.matches.any()
    assert (found.high > 0).all()


def test_fmr_gaps_are_ratios_and_rare_matches_have_wide_ones() -> None:
    """Group a matches ten times as often as b; c has no match at all, of few comparisons."""
    rng = np.random.default_rng(0)
    n = np.diag([40_000, 400_000, 100])
    hits = np.diag([400, 400, 0])
    drawn = rng.binomial(np.diag(n), np.diag(hits) / np.diag(n), (200, 3)) / np.diag(n)
    rate = hits / n.clip(1)
    cross = CrossGroups(
        ("a", "b", "c"),
        rate,
        rate * 0.9,
        rate * 1.1,
        n,
        hits,
        np.array([300, 900, 15]),
        drawn,
        drawn.mean(axis=1),
    )
    figure = fmr_figure(cross, "who", Settings())
    a, b, c = (group.raw for group in figure.groups)
    assert a is not None
    assert b is not None
    assert c is not None
    assert a.value == pytest.approx(10, rel=0.02)
    assert a.low > 8
    assert a.high < 12.5
    assert a.seen
    assert a.worse
    assert b.value == pytest.approx(1 / 10, rel=0.02)
    assert not b.worse
    assert not c.seen
    assert c.high > 10
    assert [group.name for group in figure.worse()] == ["a"]
    assert a.detectable < 1.4
