"""For whom each shipped model works less well, copied from an audit into the model's spec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mien.evaluate.audit.result import Audit, Figure, GroupFigure
from mien.evaluate.audit.words import value_words
from tools.heads.spec_table import write_table

#: Which figure of an audit stands for a model.
_FIGURES = {
    "verification": "FMR within the group",
    "age": "mean absolute error",
    "gender": "error rate",
    "ancestry": "error rate",
}


def write_groups(name: str, made: Sequence[tuple[Any, Audit]]) -> None:
    """Write the table [groups] of the models that an audit on UTKFace was of."""
    if name != "utkface":
        return
    done = set()
    for _, found in made:
        for model_id in found.models.values():
            if found.task in _FIGURES and model_id not in done:
                done.add(model_id)
                write_table(spec_files()[model_id.partition("@")[0]], "groups", table(found))


def spec_files() -> dict[str, Path]:
    """Return the spec file of each model in this repository: what is installed may be another."""
    paths = [
        *Path("src/mien/models/zoo").glob("*.toml"),
        *Path("packages").glob("*/src/*/zoo/*.toml"),
    ]
    return {path.stem: path for path in sorted(paths, key=lambda path: path.name)}


def table(found: Audit) -> dict[str, str | int | float]:
    """Return worst and best group over the finest groups that were judged."""
    figures = [f for f in found.figures if f.title == _FIGURES[found.task]]
    figure = figures[-1]
    order = sorted(figure.judged, key=lambda group: group.figure.value)
    return {
        "data": f"{found.data} by {figure.grouping}",
        "figure": _title(found, figure),
        "all": value_words(figure.overall, figure),
        "worst": _said(order[-1], figure),
        "best": _said(order[0], figure),
        "judged": len(order),
        "report": "docs/audits/utkface.md",
    }


def _title(found: Audit, figure: Figure) -> str:
    if "threshold" not in found.settings:
        return figure.title
    return f"{figure.title} at the threshold for FMR {found.settings['threshold']['target_fmr']:g}"


def _said(group: GroupFigure, figure: Figure) -> str:
    return f"{group.name}: {value_words(group.figure, figure)}, n = {group.figure.n}"
