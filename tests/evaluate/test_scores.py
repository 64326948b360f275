"""Score files of other systems: figures, and files at fault named with their line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import DatasetError, InputError
from mien.evaluate import Evaluation, Figure
from mien.evaluate.score_task import known_score_tasks
from mien.evaluate.scores import evaluate_scores

HEAD = "score,mated,fold,first,second,first_subject,second_subject,group"
ROWS = (
    "0.9,1,0,a1,a2,a,a,x",
    "0.1,0,0,a1,b1,a,b,y",
    "0.8,1,1,c1,c2,c,c,x",
    "0.2,0,1,c1,d1,c,d,y",
)


def figures(evaluation: Evaluation) -> dict[str, Figure]:
    return {figure.name: figure for figure in evaluation.results[0].findings.figures}


def written(path: Path, *rows: str, head: str = HEAD) -> Path:
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def columns(n: int = 600, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Scores of n mated and n non-mated comparisons of n people, in two folds."""
    rng = np.random.default_rng(seed)
    person = np.arange(n)
    return {
        "score": np.concatenate([rng.normal(0.7, 0.15, n), rng.normal(0.3, 0.15, n)]),
        "mated": np.arange(2 * n) < n,
        "fold": np.tile(person % 2, 2),
        "first_subject": np.tile(person, 2).astype(str),
        "second_subject": np.concatenate([person, (person + 2) % n]).astype(str),
        "group": np.tile(np.where(person % 4 < 2, "x", "y"), 2),
    }


def csv_of(path: Path, given: dict[str, np.ndarray]) -> Path:
    rows = zip(*(column.tolist() for column in given.values()), strict=True)
    return written(path, *(",".join(map(str, row)) for row in rows), head=",".join(given))


def test_csv_npz_and_distances_say_the_same(tmp_path: Path) -> None:
    given = columns()
    np.savez(tmp_path / "s.npz", **given)
    np.savez(tmp_path / "d.npz", **{**given, "score": -given["score"]})
    csv = evaluate_scores(csv_of(tmp_path / "s.csv", given))
    npz = evaluate_scores(tmp_path / "s.npz", model="s")
    far = evaluate_scores(tmp_path / "d.npz", distance=True, model="s")
    assert csv.data["sha256"] == far.data["sha256"]
    values = [[(f.name, f.value) for f in e.results[0].findings.figures] for e in (csv, npz, far)]
    assert values[0] == values[1] == values[2]
    found = figures(csv)
    # Two normal curves whose means lie 8/3 standard deviations apart: EER = Phi(-4/3) = 0.091.
    assert found["EER"].value == pytest.approx(0.091, abs=0.03)
    assert found["FMR, x"].n == 300
    assert found["TMR at FMR 0.001"].value is None


def test_rows_without_names_are_independent(tmp_path: Path) -> None:
    given = {name: columns()[name] for name in ("score", "mated")}
    found = figures(evaluate_scores(csv_of(tmp_path / "s.csv", given)))
    assert found["TMR at FMR 0.1"].value is not None
    assert "accuracy over folds" not in found


@pytest.mark.parametrize(
    ("old", "new", "pattern"),
    [
        ("0.2,0", "nan,0", r"s.csv:5: column score: got 'nan', expected a finite number"),
        ("0.2,0", "inf,0", r"s.csv:5: column score: got 'inf'"),
        ("0.2,0", "high,0", r"s.csv:5: column score: got 'high'"),
        ("0.2,0", "0.2,no", r"s.csv:5: column mated: got 'no', expected 0, 1, true or false"),
        (",c,d,y", ",c,d", r"s.csv:5: got 7 cells, expected 8"),
        (",c,d,y", ",c,d,", r"s.csv:5: column group is empty"),
        (",c,d,y", ",c,,y", r"s.csv:5: column second_subject is empty"),
        ("0.2,0,1,c1,d1,c,d", "0.2,0,1,c1,d1,c,b", r"s.csv:5: b is in fold 1 and in fold 0"),
        ("0.8,1,1,c1,c2,c,c", "0.8,1,1,c1,c2,c,e", r"s.csv:4: c and e with mated = 1"),
        ("0.1,0,0", "0.1,0,half", r"s.csv:3: column fold: got 'half'"),
    ],
)
def test_rows_at_fault_are_named(tmp_path: Path, old: str, new: str, pattern: str) -> None:
    path = written(tmp_path / "s.csv", *(row.replace(old, new) for row in ROWS))
    with pytest.raises(DatasetError, match=pattern):
        evaluate_scores(path)


def test_files_at_fault_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"gone.csv: no such file"):
        evaluate_scores(tmp_path / "gone.csv")
    with pytest.raises(DatasetError, match=r"s.csv:1: no column mated"):
        evaluate_scores(written(tmp_path / "s.csv", "1,1", head="score,same"))
    with pytest.raises(DatasetError, match=r"s.csv: holds no score"):
        evaluate_scores(written(tmp_path / "s.csv"))
    with pytest.raises(DatasetError, match=r"s.csv: all comparisons are mated"):
        evaluate_scores(written(tmp_path / "s.csv", ROWS[0], ROWS[2]))
    with pytest.raises(InputError, match=r"expected one of .*verification"):
        evaluate_scores(tmp_path / "s.csv", task="gait")


def test_npz_files_at_fault_are_named(tmp_path: Path) -> None:
    path = tmp_path / "s.npz"
    with pytest.raises(DatasetError, match=r"s.npz: no such file"):
        evaluate_scores(path)
    path.write_bytes(b"PK no archive")
    with pytest.raises(DatasetError, match=r"s.npz: is no NPZ file"):
        evaluate_scores(path)
    np.savez(path, score=np.ones(2))
    with pytest.raises(DatasetError, match=r"s.npz: no array mated; got score"):
        evaluate_scores(path)
    np.savez(path, score=np.ones(2), mated=np.ones(3))
    with pytest.raises(DatasetError, match=r"s.npz: arrays differ in shape: score \(2,\)"):
        evaluate_scores(path)
    np.savez(path, score=np.array([0.1, np.nan]), mated=np.array([1, 0]))
    with pytest.raises(DatasetError, match=r"s.npz:2: column score: got 'nan'"):
        evaluate_scores(path)
    np.savez(path, score=np.array([{}], dtype=object), mated=np.array([1]))
    with pytest.raises(DatasetError, match=r"s.npz: is no NPZ file of plain arrays"):
        evaluate_scores(path)


def test_presentation_attacks_by_species(tmp_path: Path) -> None:
    rows = [f"{0.9 - n / 1000},bona_fide" for n in range(100)]
    rows += [f"{0.1 + n / 1000},print" for n in range(40)] + ["0.95,mask"] * 4 + ["0.1,mask"] * 6
    path = written(tmp_path / "a.csv", *rows, head="score,attack")
    found = figures(evaluate_scores(path, task="presentation-attack"))
    assert found["APCER, mask"].value == pytest.approx(0.4)
    assert found["APCER, print"].value == 0
    assert found["APCER of the worst species"].value == pytest.approx(0.4)
    assert found["BPCER20"].value is None
    with pytest.raises(DatasetError, match="expected both bona_fide and attacks"):
        evaluate_scores(
            written(tmp_path / "a.csv", "1,print", head="score,attack"), task="presentation-attack"
        )


def test_forgeries_by_picture_method_and_video(tmp_path: Path) -> None:
    rows = ("0.9,swap,v1", "0.1,swap,v1", "0.8,drawn,v2", "0.2,real,v3", "0.3,real,v3")
    path = written(tmp_path / "f.csv", *rows, head="score,forgery,video")
    found = figures(evaluate_scores(path, task="forgery"))
    # Of six forged-real pairs 0.1 loses two.
    assert found["AUC, picture"].value == pytest.approx(4 / 6)
    assert found["AUC, picture, drawn against real"].value == 1
    assert found["AUC, video"].value == 1
    assert found["AUC, video"].n == 3


def test_action_units_there_or_not_and_intensities(tmp_path: Path) -> None:
    rows = ("1,0.9,3,2", "0,0.6,0,0", "1,0.7,5,4", "0,0.1,1,1")
    head = "au_01,au_01_predicted,au_12,au_12_predicted"
    path = written(tmp_path / "u.csv", *rows, head=head)
    found = figures(evaluate_scores(path, task="action-units"))
    assert found["F1, au_01"].value == pytest.approx(0.8)
    assert found["MAE, au_12"].value == pytest.approx(0.5)
    assert found["mean F1"].value == pytest.approx(0.8)
    with pytest.raises(DatasetError, match=r"u.csv:1: no columns au_01 and au_01_predicted"):
        evaluate_scores(written(tmp_path / "u.csv", "1", head="au_01"), task="action-units")


@pytest.mark.parametrize("name", tuple(known_score_tasks()))
def test_every_task_says_what_it_is(name: str) -> None:
    task = known_score_tasks()[name]
    assert task.title
    assert task.protocol.endswith(".")
    assert "score" in task.columns or task.optional
