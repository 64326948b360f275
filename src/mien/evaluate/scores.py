"""Measure the score file of another system as mien's own models are measured."""

from __future__ import annotations

from pathlib import Path

from mien.evaluate.environment import environment
from mien.evaluate.result import Evaluation, Result
from mien.evaluate.score_task import get_score_task, score_rows


def evaluate_scores(
    path: str | Path,
    *,
    task: str = "verification",
    distance: bool = False,
    model: str | None = None,
    seed: int = 0,
) -> Evaluation:
    """Return the evaluation of a CSV or NPZ file of scores.

    ``task`` names the columns; ``distance``: lower scores are more similar (or bona fide, forged);
    ``model``: what to call the system (default: the file's name). Raises InputError for an unknown
    task, DatasetError with file and line for a file that is not what it should be.
    """
    path = Path(path)
    chosen = get_score_task(task)
    measured = chosen.measure(score_rows(path, chosen.columns), distance, seed)
    name = path.stem if model is None else model
    options = {"distance": distance}
    return Evaluation(
        f"scores-{task}",
        task,
        f"{chosen.title}, scores of {name}",
        chosen.protocol,
        "",
        {
            "dataset": "scores",
            "title": path.name,
            "split": None,
            "samples": measured.n,
            "sha256": measured.items_sha256,
        },
        environment(seed=seed, threads=1),
        (Result(name, measured.findings, (), options),),
    )
