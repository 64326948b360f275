"""Evaluations as JSON and back."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from mien.errors import InputError
from mien.evaluate import Curve, Evaluation, Figure, Findings, Mistake, Result
from mien.evaluate.result import Outcomes
from mien.metrics.estimate import Estimate, unknown

FINDINGS = Findings(
    (
        Figure("EER", 0.1, 9, 0.0, 0.3, rule="match iff score >= t"),
        Figure("x", None, 0, why="none"),
    ),
    (Curve("DET", "det", (0.1, 1.0), (1.0, 0.0), "FMR", "FNMR"),),
    (Mistake("kind", "said", 0.5, ("a", "b"), ("/a",)),),
    Outcomes("wrong", "00", (0.0, 1.0), (0, 1), (0, 2)),
)
EVALUATION = Evaluation(
    "lfw",
    "verification",
    "LFW",
    "pairs",
    "",
    {"dataset": "lfw", "title": "LFW", "split": None, "samples": 2, "sha256": "ab"},
    {"date": "2026-01-01T00:00:00Z", "seed": 0},
    (Result("m", FINDINGS, ({"model_id": "m@1", "use": "permissive"},), {"mirror": True}, 1.5),),
)


def test_json_round_trip(tmp_path: Path) -> None:
    EVALUATION.save(tmp_path / "e.json")
    assert Evaluation.load(tmp_path / "e.json") == EVALUATION


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "got schema None"),
        ('{"schema_version": "9"}', "got schema '9'"),
        ('{"schema_version": "1.0"}', "is not one that mien wrote"),
        (json.dumps({**EVALUATION.to_dict(), "results": [{"model": 1}]}), "is not one that mien"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path: Path, text: str, pattern: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"other.json: .*{pattern}"):
        Evaluation.load(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone.json: cannot be read"):
        Evaluation.load(tmp_path / "gone.json")


def test_an_estimate_of_nothing_is_a_figure_without_value() -> None:
    figure = Figure.of("EER", unknown(3))
    assert (figure.value, figure.low, figure.high, figure.n) == (None, None, None, 3)
    assert figure.why
    half = Figure.of("EER", Estimate(0.5, math.nan, math.nan, 3))
    assert (half.value, half.low) == (0.5, None)
