"""``mien teach``: what can be typed; mien.teach does it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.apps.cli_train import Data
from mien.apps.terminal import plain_errors, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(teach)


def teach(
    out: Annotated[Path, typer.Option(help="New folder for the chips.", show_default=False)],
    data: Data = Path("../shared/data"),
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=FOLDER[:SPLIT]: a data set that mien reads, e.g. labels-csv=my/faces; once "
            "or often. Default: the four that mien-unified-s learned from.",
            show_default=False,
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Pictures of each source, to try it out.")
    ] = None,
) -> None:
    """Cut faces as chips, with labels and the networks' outputs, for mien-unified-s to learn from.

    Exit code 4 when a source shows no face. Needs the extra train.
    """
    with plain_errors():
        from mien.teach import OWN, source_of
        from mien.teach import teach as run

        sources = OWN if not source else [source_of(text) for text in source]
        told = run(data, out, sources=sources, limit=limit, tell=lambda line: say(f"mien: {line}"))
        for number, taught in enumerate(told):
            say(f"mien: source {number}: {taught.line()}")
        typer.echo(str(out))
