"""What ``mien train`` and ``mien export`` do: find the recipe, call, print."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mien.apps.terminal import is_terminal, say
from mien.io.cores import available_cores

if TYPE_CHECKING:
    from mien.train.examples import Examples
    from mien.train.journal import Progress
    from mien.train.recipe import Recipe


def show_recipes() -> None:
    """Print the recipes and what they can be put together from."""
    from mien.train.recipe import find_recipe, recipe_names
    from mien.train.registry import KINDS, known

    for name in recipe_names():
        typer.echo(f"{name}: {find_recipe(name).card.get('summary', '')}")
    for kind, folder in KINDS.items():
        typer.echo(f"{folder}: {', '.join(known(kind))}")


def train(
    name: str,
    *,
    data: Path,
    folder: Path | None,
    settings: Sequence[str],
    resume: bool,
    processes: int,
    threads: int | None,
) -> None:
    """Run a recipe to its end, telling how far it is."""
    from mien.train.engine import fit, use_threads
    from mien.train.recipe import find_recipe, with_settings
    from mien.train.validation import validation_of

    recipe = with_settings(find_recipe(name), settings)
    share = max(1, available_cores() // processes)
    use_threads(threads if threads is not None else share)
    outcome = fit(
        recipe,
        _examples(recipe, data),
        folder=folder if folder is not None else Path("runs") / Path(name).stem,
        validate=validation_of(recipe.task),
        resume=resume,
        report=_tell,
        processes=processes,
    )
    figures = ", ".join(f"{name} {value:.4f}" for name, value in outcome.figures.items())
    hours = outcome.seconds / 3600
    say(f"mien: {outcome.steps} updates in {hours:.2f} h; held out: {figures}; {outcome.folder}")


def export(run: Path, *, recipe: str, to: Path, data: Path, settings: Sequence[str]) -> None:
    """Write ONNX, spec and card, and say what was measured."""
    from mien.train.export import export_run
    from mien.train.export_unified import export_unified
    from mien.train.recipe import find_recipe, with_settings

    wanted = with_settings(find_recipe(recipe), settings)
    examples = _examples(wanted, data)
    if wanted.tasks:
        exported = export_unified(run, wanted, examples, folder=to)
    else:
        exported = export_run(run, wanted, examples, folder=to)
    for line in exported.lines():
        typer.echo(line)


def _examples(recipe: Recipe, data: Path) -> Examples:
    from mien.train.registry import build

    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base is not None and base != "" else Path.home() / ".cache"
    found: Examples = build("source", recipe.source, data, root / "mien" / "train", recipe.classes)
    return found


def _tell(progress: Progress) -> None:
    minutes = progress.left_s / 60
    figures = "".join(f", {name} {value:.4f}" for name, value in progress.figures.items())
    line = (
        f"epoch {progress.epoch:.2f}, update {progress.step} of {progress.steps}, "
        f"loss {progress.loss:.3f}, {progress.per_s:.0f}/s, {minutes:.0f} min left{figures}"
    )
    if is_terminal():
        typer.echo(f"\r\x1b[K{line}", err=True, nl=progress.step == progress.steps)
    else:
        say(line)
