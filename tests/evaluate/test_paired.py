"""Two runs over the same data: who is better, and when that cannot be said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError
from mien.evaluate import Evaluation, Findings
from mien.evaluate.paired import compare_runs
from mien.evaluate.scores import evaluate_scores
from tests.evaluate.test_scores import columns


def run(folder: Path, name: str, *, noise: float, n: int = 600) -> Evaluation:
    given = columns(n)
    rng = np.random.default_rng(5)
    given["score"] = given["score"] + rng.normal(0, noise, 2 * n)
    np.savez(folder / f"{name}.npz", **given)
    return evaluate_scores(folder / f"{name}.npz")


def test_more_noise_is_worse(tmp_path: Path) -> None:
    good, bad = run(tmp_path, "good", noise=0.0), run(tmp_path, "bad", noise=0.5)
    found = compare_runs(good, bad)
    assert found.figure == "wrong decision over folds"
    assert found.difference == pytest.approx(found.first_error - found.second_error)
    assert found.high < 0
    assert found.p < 0.01
    assert found.mcnemar_p < 0.01
    assert found.only_first_wrong < found.only_second_wrong
    assert str(found).endswith("good is better")
    turned = compare_runs(bad, good)
    assert turned.difference == -found.difference


def test_a_run_does_not_differ_from_itself(tmp_path: Path) -> None:
    one = run(tmp_path, "one", noise=0.1)
    found = compare_runs(one, run(tmp_path, "one", noise=0.1))
    assert (found.difference, found.p, found.mcnemar_p) == (0, 1, 1)
    assert "no difference can be told" in str(found)


def test_other_data_items_and_benchmarks_are_refused(tmp_path: Path) -> None:
    one, fewer = run(tmp_path, "one", noise=0.1), run(tmp_path, "two", noise=0.1, n=400)
    with pytest.raises(InputError, match="different data"):
        compare_runs(one, fewer)
    with pytest.raises(InputError, match="runs of scores-verification and lfw"):
        compare_runs(one, replace(one, benchmark="lfw"))
    bare = replace(one, results=(replace(one.results[0], findings=Findings(())),))
    with pytest.raises(InputError, match="has no outcomes of single items"):
        compare_runs(one, bare)
    outcomes = replace(one.results[0].findings.outcomes, items_sha256="0")
    findings = replace(one.results[0].findings, outcomes=outcomes)
    with pytest.raises(InputError, match="different items"):
        compare_runs(one, replace(one, results=(replace(one.results[0], findings=findings),)))
