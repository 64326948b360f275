"""Every metric equals its oracle, and says how it decides: the list of docs/metrics.md."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module

import pytest

import mien.metrics
from benchmarks.metrics.families import FAMILIES, oracles
from benchmarks.metrics.oracle import RULES, Oracle, rules

ALL = [oracle for family in FAMILIES for oracle in oracles(family)]


@pytest.mark.filterwarnings("default")  # of the other libraries
@pytest.mark.parametrize("oracle", ALL, ids=lambda o: f"{o.name}: {o.case}")
def test_equals_the_oracle(oracle: Oracle) -> None:
    ours, theirs, difference = oracle.compare()
    assert difference <= oracle.tolerance, (ours, theirs)


@pytest.mark.parametrize(
    "metric", list(dict.fromkeys(o.metric for o in ALL)), ids=lambda m: m.__name__
)
def test_states_its_rule_its_ties_and_its_empty_value(metric: object) -> None:
    assert set(rules(metric)) == set(RULES)


#: What metrics are made of, or made into: covered by the metrics that use them.
PARTS = {
    "assigned",
    "areas",
    "beta_distribution",
    "beta_quantile",
    "best_pairs",
    "best_threshold",
    "by_score",
    "clustered_draws",
    "clustered_interval",
    "clustered_intervals",
    "crossing",
    "area_over_fmr",
    "absolute_errors",
    "box_distance",
    "det_of",
    "differential_interval",
    "directions_of_angles",
    "event_rate",
    "eye_distance",
    "fnmr_at_fmr",
    "in_subset",
    "isotonic_log_ratios",
    "joined",
    "measurable",
    "numbered",
    "overlaps",
    "pair_quality",
    "pair_weights",
    "percentile_intervals",
    "ratios",
    "separate",
    "share_draws",
    "shortfall",
    "tally",
    "tally_blocks",
    "unknown",
}


def test_no_metric_is_without_an_oracle() -> None:
    public = set()
    for module in pkgutil.iter_modules(mien.metrics.__path__):
        found = import_module(f"mien.metrics.{module.name}")
        public |= {
            name
            for name, what in inspect.getmembers(found, inspect.isfunction)
            if what.__module__ == found.__name__ and not name.startswith("_")
        }
    assert public - {oracle.metric.__name__ for oracle in ALL} == PARTS
