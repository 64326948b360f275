"""``mien prototypes``: what can be typed, and what is printed.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

import json as jsons
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mien.apps.choices import Device, Embedder, Json
from mien.apps.terminal import console, is_terminal, plain_errors, printable


def register(main: typer.Typer) -> None:
    """Add the command to the program."""
    main.command()(prototypes)


def prototypes(
    probe: Annotated[Path, typer.Argument(help="A picture of one face.", show_default=False)],
    references: Annotated[
        list[Path] | None, typer.Argument(help="Pictures and folders.", show_default=False)
    ] = None,
    gallery: Annotated[
        Path | None, typer.Option("--gallery", "-g", help="Instead: a gallery.", show_default=False)
    ] = None,
    k: Annotated[int, typer.Option("-k", help="How many examples.")] = 5,
    choose: Annotated[
        Literal["single", "largest", "central"],
        typer.Option(help="With several faces in the probe: refuse, or take one."),
    ] = "single",
    seed: Annotated[int, typer.Option(help="Of what is drawn by lot.")] = 0,
    json: Json = False,
    device: Device = "cpu",
    embedder: Embedder = None,
) -> None:
    """Find whom of a set a face looks most like, and what about it makes it so.

    How much the score falls when hue, saturation, contrast, texture or shape are altered.
    """
    with plain_errors():
        from mien.explain.prototypes.asking import prototypes as ask
        from mien.gallery.open import open_gallery
        from mien.io import find_images

        options: dict[str, Any] = {"k": k, "choose": choose, "seed": seed, "device": device}
        if embedder is not None:
            options["embedder"] = embedder
        if gallery is not None and not references:
            with open_gallery(gallery, create=False) as opened:
                found = ask(probe, gallery=opened, **options)
        else:
            store = None if gallery is None else open_gallery(gallery, create=False)
            pictures = None if not references else find_images(references)
            found = ask(probe, pictures, gallery=store, **options)
        if json or not is_terminal():
            typer.echo(jsons.dumps(found.to_dict()))
            return
        for one in found.prototypes:
            losses = "  ".join(f"{name} {value.value:+.3f}" for name, value in one.because.items())
            console().print(printable(f"{one.rank}. {one.name}  {one.score:.3f}  {losses}"))
        console().print("loss of score when altered, mean of 8 strengths", style="dim")
