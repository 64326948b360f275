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
    probe: Path, reference: Path, *, fmr: float, choose: Choose, as_json: bool, **options: Any
) -> None:
    """Compare two pictures and print the outcome."""
    match = verify(probe, reference, fmr=fmr, choose=choose, **options)
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


def document(match: Match) -> dict[str, Any]:
    """Return the JSON of a comparison."""
    return {
        "score": match.score,
        "threshold": match.threshold,
        "probability": match.probability,
        "decision": match.decision,
        "model_id": match.model_id,
    }
