"""``mien models``: what each model does, where it comes from, how good it was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import typer

from mien.apps.terminal import console, is_terminal
from mien.errors import InputError
from mien.models import ModelSpec, list_specs
from mien.models.spec import listed

USES = ("permissive", "research", "unclear")


def list_models(*, use: str | None, task: str | None, as_json: bool) -> None:
    """Print the installed models, of one use and task if named."""
    if use is not None and use not in USES:
        raise InputError(f"--use: got {use!r}, expected one of {', '.join(USES)}")
    specs = [spec for spec in list_specs(task) if use in (None, spec.use)]
    if as_json or not is_terminal():
        typer.echo(json.dumps([facts(spec) for spec in specs], indent=1))
        return
    for spec in specs:
        _show(spec)
    total = sum(spec.weights.bytes for spec in specs) / 1e6
    console().print(f"{len(specs)} models, {total:.1f} MB", style="dim")


def facts(spec: ModelSpec) -> dict[str, Any]:
    """Return everything a reader should know about a model."""
    return {
        "name": spec.name,
        "task": spec.task,
        "summary": spec.summary,
        "use": spec.use,
        "licence": spec.licence,
        "author": spec.author,
        "source": spec.source,
        "bytes": spec.weights.bytes,
        "sha256": spec.weights.sha256,
        "training_data": spec.training_data,
        "data_terms": spec.data_terms,
        "paper": spec.paper,
        "accuracy": plain(spec.accuracy),
        "groups": plain(spec.groups),
    }


def plain(value: Any) -> Any:
    """Return nested mappings as dicts."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def _show(spec: ModelSpec) -> None:
    from rich.table import Table
    from rich.text import Text

    colour = {"permissive": "green", "research": "yellow"}.get(spec.use, "red")
    head = Text(spec.name, style="bold")
    head.append(f"  {spec.task}", style="not bold")
    head.append(f"  {spec.use}", style=f"not bold {colour}")
    head.append(f"  {spec.licence}  {spec.weights.bytes / 1e6:.1f} MB", style="not bold dim")
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rows = {
        "": spec.summary,
        "author": spec.author,
        "source": spec.source,
        "trained on": spec.training_data,
        "data terms": spec.data_terms,
        "measured": "; ".join(listed(spec.accuracy)) or "not yet",
        "by group": "; ".join(listed(spec.groups)),
    }
    for name, value in rows.items():
        if value:
            table.add_row(f"  {name}", Text(value))
    out = console()
    out.print(head)
    out.print(table)
    out.print()
