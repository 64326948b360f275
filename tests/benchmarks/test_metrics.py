"""Every metric equals its oracle, and says how it decides: the list of docs/metrics.md."""

from __future__ import annotations

import pytest

from benchmarks.metrics.families import FAMILIES, oracles
from benchmarks.metrics.oracle import RULES, Oracle, rules

ALL = [oracle for family in FAMILIES for oracle in oracles(family)]


@pytest.mark.filterwarnings("default")  # of the other libraries
@pytest.mark.parametrize("oracle", ALL, ids=lambda o: f"{o.name}: {o.case}")
def test_equals_the_oracle(oracle: Oracle) -> None:
    ours, theirs, difference = oracle.compare()
    assert difference <= oracle.tolerance, (ours, theirs)


@pytest.mark.parametrize("metric", {o.metric for o in ALL}, ids=lambda m: m.__name__)
def test_states_its_rule_its_ties_and_its_empty_value(metric: object) -> None:
    assert set(rules(metric)) == set(RULES)
