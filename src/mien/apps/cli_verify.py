"""``mien verify``: one comparison, with the threshold behind its decision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from mien.apps.terminal import console, is_terminal
from mien.recognition.verify import Choose, verify
from mien.types import Match


def compare(
    probe: Path,
    reference: Path,
    *,
    fmr: float,
    prior: float,
    choose: Choose,
    as_json: bool,
    **options: Any,
) -> None:
    """Compare two pictures and print the outcome."""
    match = verify(probe, reference, fmr=fmr, prior=prior, choose=choose, **options)
    if as_json or not is_terminal():
        typer.echo(json.dumps(document(match)))
        return
    out = console()
    verdict = "[bold green]match[/]" if match.decision else "[bold yellow]no match[/]"
    relation = "≥" if match.decision else "<"
    out.print(f"{verdict}  score {match.score:.3f} {relation} threshold {match.threshold:.3f}")
    out.print(
        f"threshold of {match.model_id}, set so that at most {fmr:g} of comparisons of different "
        "people match; a score is no probability",
        style="dim",
    )
    if match.probability is not None:
        low, high = match.probability_low, match.probability_high
        interval = "" if low is None or high is None else f" (95 %: {low:.3f} to {high:.3f})"
        out.print(
            f"probability of one person {match.probability:.3f}{interval}, where a share of "
            f"{match.prior:g} of such comparisons shows one person",
            style="dim",
        )


def document(match: Match) -> dict[str, Any]:
    """Return the JSON of a comparison: the decision first, then what it rests on."""
    first = ("score", "threshold", "probability", "decision", "model_id")
    record = match.to_dict()
    return {name: record[name] for name in first} | record
