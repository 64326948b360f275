"""Verification from pictures to figures, on the astronaut, warps of it, and nobody."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.data import Pairs, Sample
from mien.errors import DatasetError, InputError
from mien.evaluate import Evaluation, evaluate
from mien.evaluate.comparing import verification_findings
from mien.evaluate.pairing import MOST_NON_MATED, all_pairs
from mien.evaluate.scored import ScoredPairs, strings, subject_numbers
from tests.evaluate.conftest import ROWS


def figures(evaluation: Evaluation) -> dict[str, object]:
    return {figure.name: figure for figure in evaluation.results[0].findings.figures}


@pytest.fixture(scope="module")
def evaluation(people: Path, cache: Path) -> Evaluation:
    return evaluate("verification", people, dataset="pairs-csv", cache=cache, threads=1)


def test_undetected_faces_count_and_are_told(evaluation: Evaluation) -> None:
    found = figures(evaluation)
    assert found["failure to acquire"].value == pytest.approx(1 / 8)
    assert found["comparisons with both faces found"].value == pytest.approx(7 / 8)
    # The pair of the picture without a face is wrong, whatever else is right.
    assert found["accuracy over folds"].value <= 7 / 8
    assert found["TMR at FMR 0.01"].value is None
    assert "not measurable with 4 pairs" in found["TMR at FMR 0.01"].why


def test_outcomes_have_one_entry_a_pair(evaluation: Evaluation) -> None:
    outcomes = evaluation.results[0].findings.outcomes
    assert outcomes is not None
    assert len(outcomes.error) == len(ROWS.splitlines()) - 1
    assert outcomes.error[-1] == 1.0


def test_from_the_cache_it_is_the_same(evaluation: Evaluation, people: Path, cache: Path) -> None:
    counted = []
    again = evaluate(
        "verification",
        people,
        dataset="pairs-csv",
        cache=cache,
        progress=lambda done, total: counted.append((done, total)),
    )
    assert again.results[0].findings == evaluation.results[0].findings
    assert again.data == evaluation.data
    assert counted[-1] == (8, 8)


def test_without_a_cache_it_is_the_same(evaluation: Evaluation, people: Path) -> None:
    again = evaluate("verification", people, dataset="pairs-csv", threads=2)
    assert again.results[0].findings == evaluation.results[0].findings


def test_people_in_folders_are_all_compared(people: Path, cache: Path) -> None:
    evaluation = evaluate("verification", people, dataset="identity-folders", cache=cache)
    assert figures(evaluation)["comparisons with both faces found"].n == 28


def test_what_is_not_known_is_refused(people: Path) -> None:
    with pytest.raises(InputError, match=r"expected one of .*verification"):
        evaluate("verfication", people)
    with pytest.raises(InputError, match="say which one yours is"):
        evaluate("verification", people)
    with pytest.raises(InputError, match="split of pairs-csv"):
        evaluate("verification", people, dataset="pairs-csv", split="x")


def samples(*subjects: str | None) -> list[Sample]:
    return [Sample(f"{n}", encoded=b"", subject_id=s) for n, s in enumerate(subjects)]


def test_all_pairs_of_few_samples_are_all() -> None:
    pairs, said = all_pairs(samples("a", "b", "a"), seed=0)
    assert pairs.first.tolist() == ["0", "0", "1"]
    assert pairs.mated.tolist() == [False, True, False]
    assert said == "all 3 pairs of 3 samples"


def test_of_many_non_mated_pairs_a_million_are_drawn() -> None:
    many = samples(*(str(number // 2) for number in range(2400)))
    pairs, said = all_pairs(many, seed=1)
    assert pairs.mated.sum() == 1200
    assert (~pairs.mated).sum() == MOST_NON_MATED
    assert "1,000,000 non-mated ones drawn at random (seed 1)" in said
    both = {*zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)}
    assert len(both) == len(pairs)
    assert all_pairs(many, seed=1)[0].first.tolist() == pairs.first.tolist()


def test_one_person_or_nameless_ones_cannot_be_compared() -> None:
    with pytest.raises(DatasetError, match="got one subject, a"):
        all_pairs(samples("a", "a"), seed=0)
    with pytest.raises(DatasetError, match="1: the data set does not say whom"):
        all_pairs(samples("a", None), seed=0)


def pairs(*rows: tuple[str, str, bool]) -> Pairs:
    first, second, mated = zip(*rows, strict=True)
    return Pairs(np.array(first), np.array(second), np.array(mated), np.zeros(len(rows), int))


def test_unknown_people_are_those_that_mated_pairs_join() -> None:
    given = pairs(("a", "b", True), ("b", "c", True), ("d", "e", True), ("c", "d", False))
    left, right = subject_numbers(given, {})
    assert (left == right).tolist() == [True, True, True, False]
    assert left[0] == left[1]
    assert left[2] != left[0]


def test_pairs_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(DatasetError, match=r"pair 3 \(a, c\) is called non-mated"):
        subject_numbers(pairs(("a", "b", True), ("b", "c", True), ("a", "c", False)), {})
    with pytest.raises(DatasetError, match=r"pair 1 \(a, b\) is called mated"):
        subject_numbers(pairs(("a", "b", True)), {"a": "x", "b": "y"})


def scored(n: int = 400) -> ScoredPairs:
    """Synthetic scores of n mated and n non-mated pairs of n people, in two folds."""
    rng = np.random.default_rng(0)
    person = np.arange(n)
    left, right = np.concatenate([person, person]), np.concatenate([person, (person + 1) % n])
    score = np.concatenate([rng.normal(0.8, 0.1, n), rng.normal(0.3, 0.1, n)])
    names = strings([f"{number}" for number in range(2 * n)])
    return ScoredPairs(score, left, right, (left >= n // 2) * 1, np.ones(2 * n, bool), names, names)


def test_figures_of_known_scores() -> None:
    found = {f.name: f for f in verification_findings(scored(), chosen="").figures}
    # Two normal curves, means 5 sd apart: EER = Phi(-2.5) = 0.0062.
    assert found["EER"].value == pytest.approx(0.0062, abs=0.005)
    assert found["TMR at FMR 0.1"].low <= 1.0 <= found["TMR at FMR 0.1"].high
    assert found["accuracy over folds"].value == pytest.approx(1 - 0.0062, abs=0.008)


def test_worst_mistakes_are_the_extreme_scores() -> None:
    given = scored()
    kinds: dict[str, list[float]] = {}
    for mistake in verification_findings(given, chosen="").mistakes:
        kinds.setdefault(mistake.kind, []).append(mistake.score)
    low, high = kinds.values()
    assert low == sorted(given.score[given.mated])[:12]
    assert high == sorted(given.score[~given.mated])[::-1][:12]


def test_the_order_of_pairs_changes_nothing() -> None:
    given = scored(60)
    order = np.random.default_rng(1).permutation(len(given))
    columns = (getattr(given, name)[order] for name in ScoredPairs.__dataclass_fields__)
    one, other = (verification_findings(g, chosen="") for g in (given, ScoredPairs(*columns)))
    values = [[(f.name, f.value) for f in found.figures] for found in (one, other)]
    assert values[0] == values[1]


@pytest.mark.slow
def test_the_real_lfw(data_folder: Path, tmp_path: Path) -> None:
    found = figures(evaluate("lfw", data_folder / "lfw", cache=tmp_path))
    assert found["accuracy over folds"].value == pytest.approx(0.9923, abs=5e-5)
