"""``mien train`` and ``mien export``: what can be typed; train_work.py does it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.apps.terminal import plain_errors

Data = Annotated[
    Path, typer.Option(envvar="MIEN_DATA", help="The folder that holds the data sets' folders.")
]
Run = Annotated[
    Path | None,
    typer.Option(help="Folder of the run (default: runs/RECIPE).", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(train)
    app.command()(export)


def train(
    recipe: Annotated[
        str | None, typer.Argument(help="A recipe's name, or a Python file with RECIPE.")
    ] = None,
    data: Data = Path("../shared/data"),
    run: Run = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change the recipe: epochs=3, loss.margin=0.4 ..."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run stopped.")] = False,
    processes: Annotated[int, typer.Option(min=1, help="Each works on a part of a batch.")] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Cores a process may use (default: its share).")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name the recipes and all parts.")] = False,
) -> None:
    """Learn a model by a recipe (extra: train); a run that was stopped goes on by --resume."""
    with plain_errors(after_interruption="--resume goes on from the last checkpoint"):
        from mien.apps import train_work

        if list_ or recipe is None:
            train_work.show_recipes()
            raise typer.Exit(0 if list_ else 2)
        train_work.train(
            recipe,
            data=data,
            folder=run,
            settings=set_ if set_ is not None else [],
            resume=resume,
            processes=processes,
            threads=threads,
        )


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", show_default=False)],
    recipe: Annotated[str, typer.Option(help="The recipe by which it learned.")],
    to: Annotated[
        Path, typer.Option(help="Folder of models to write to; name it in MIEN_MODELS.")
    ] = Path("models"),
    data: Data = Path("../shared/data"),
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="The changes that were made to the recipe.")
    ] = None,
) -> None:
    """Write a run's best weights as ONNX, with spec and model card (needs the extra train)."""
    with plain_errors():
        from mien.apps import train_work

        settings = set_ if set_ is not None else []
        train_work.export(run, recipe=recipe, to=to, data=data, settings=settings)
