"""The whole evaluation: one result a method, kept between runs, bad input named."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import DatasetError, InputError
from mien.evaluate import Evaluation
from mien.evaluate.explanations import arena
from mien.evaluate.explanations.run import evaluate_explanations
from tests.evaluate.explanations.conftest import THRESHOLD

FEW = {
    "dataset": "identity-folders",
    "split": "all",
    "choose": "largest",
    "threshold": THRESHOLD,
    "methods": ("span", "random", "centre", "occlusion"),
    "triplets": 8,
    "trials": 1,
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def evaluation(crowd: Path, cache: Path) -> Evaluation:
    return evaluate_explanations(crowd, cache=cache, cases=cache / "lost.html", **FEW)


def test_one_result_a_method_with_its_figures(evaluation: Evaluation, tmp_path: Path) -> None:
    assert [result.model for result in evaluation.results] == list(FEW["methods"])
    assert evaluation.data["triplets"] >= 3
    for result in evaluation.results:
        figures = {figure.name: figure for figure in result.findings.figures}
        assert figures["region accuracy"].n == evaluation.data["triplets"]
        assert figures["insertion area"].n == 1
        assert 0 <= figures["region accuracy"].low <= figures["region accuracy"].high <= 1
        assert len(result.findings.outcomes.error) == evaluation.data["triplets"]
        lost = sum(error > 0 for error in result.findings.outcomes.error)
        assert len(result.findings.mistakes) == lost
    figures = {figure.name: figure for figure in evaluation.results[0].findings.figures}
    assert figures["model calls"].value == 53
    assert "region accuracy less that of random" in figures
    centre = {figure.name: figure for figure in evaluation.results[2].findings.figures}
    assert centre["sanity, weights shuffled"].value == pytest.approx(1)
    evaluation.save(tmp_path / "a.json")
    assert Evaluation.load(tmp_path / "a.json") == evaluation


def test_the_page_of_cases_holds_its_pictures(evaluation: Evaluation, cache: Path) -> None:
    text = (cache / "lost.html").read_text()
    lost = len(evaluation.results[0].findings.mistakes)
    assert text.count("<img") == 4 * lost
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_what_was_kept_is_not_judged_again(
    evaluation: Evaluation, crowd: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("judged again")

    for name in ("find_triplets", "laid_out", "find"):
        monkeypatch.setattr(arena, name, never)
    again = evaluate_explanations(crowd, cache=cache, **FEW)
    assert [r.findings for r in again.results] == [r.findings for r in evaluation.results]


def test_bad_input_is_named(crowd: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="occlusion"):
        evaluate_explanations(crowd, **{**FEW, "methods": ("guessing",)})
    with pytest.raises(InputError, match="each once"):
        evaluate_explanations(crowd, **{**FEW, "methods": ("random", "random")})
    with pytest.raises(InputError, match="other picture"):
        evaluate_explanations(crowd, **{**FEW, "methods": ("correspondence",)})
    with pytest.raises(InputError, match="report or all"):
        evaluate_explanations(crowd, **{**FEW, "split": "half"})
    with pytest.raises(DatasetError, match="several pictures a person"):
        evaluate_explanations(crowd, **{**FEW, "threshold": 2.0})
    with pytest.raises(DatasetError):
        evaluate_explanations(tmp_path, **{**FEW, "dataset": "lfw"})
