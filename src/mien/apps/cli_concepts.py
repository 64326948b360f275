"""``mien concepts``: what can be typed, and what is printed.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

import json as jsons
from pathlib import Path
from typing import Annotated, Any

import typer

from mien.apps.choices import Device, Embedder, Jobs, Json, Pictures
from mien.apps.terminal import is_terminal, plain_errors


def register(main: typer.Typer) -> None:
    """Add the command to the program."""
    main.command()(concepts)


def concepts(
    paths: Pictures,
    target: Annotated[str, typer.Option(help="unit:7, score, apparent_age, expression:happy ...")],
    reference: Annotated[
        Path | None, typer.Option(help="The face that a score is against.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of what is drawn by lot.")] = 0,
    json: Json = False,
    jobs: Jobs = None,
    device: Device = "cpu",
    embedder: Embedder = None,
) -> None:
    """Tell which measured attributes of many faces a model's score follows, and how far.

    A sum of few attributes and a small tree, judged on pictures kept back. Needs mien[audit].
    """
    with plain_errors():
        from mien.explain.concepts.asking import concepts as ask
        from mien.io import find_images

        chosen: dict[str, Any] = {"threads": jobs, "embedder": embedder}
        options = {name: value for name, value in chosen.items() if value is not None}
        pictures = list(find_images(paths))
        found = ask(
            pictures,
            target,
            reference=reference,
            choose="largest",
            seed=seed,
            device=device,
            **options,
        )
        if json or not is_terminal():
            typer.echo(jsons.dumps(found.to_dict()))
            return
        typer.echo(found.to_text())
        typer.echo(found.tree.rules)
