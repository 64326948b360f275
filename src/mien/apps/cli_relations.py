"""``mien relations``: what can be typed; relations_work.py does it.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.apps.choices import Device, Embedder, JsonFile
from mien.apps.terminal import plain_errors


def register(main: typer.Typer) -> None:
    """Add the command to the program."""
    main.command()(relations)


def relations(
    photo: Annotated[Path, typer.Argument(help="A picture.", show_default=False)],
    json: JsonFile = None,
    graphml: Annotated[Path | None, typer.Option(help="Write GraphML to this file.")] = None,
    draw: Annotated[
        Path | None, typer.Option(help="Draw: F.png over the photo, F.svg without it.")
    ] = None,
    fmr: Annotated[float, typer.Option(help="False match rate of the threshold.")] = 1e-3,
    regions: Annotated[
        str | None,
        typer.Option(help="Add each face's regions for this reading: expression, apparent_age ..."),
    ] = None,
    budget: Annotated[int, typer.Option(help="Altered crops a face, with --regions.")] = 512,
    seed: Annotated[int, typer.Option(help="Of what is drawn by lot.")] = 0,
    device: Device = "cpu",
    embedder: Embedder = None,
) -> None:
    """Tell how the faces of a picture relate: who looks at whom, who is like whom.

    Measured relations with their features, as a graph. JSON on a pipe.
    """
    with plain_errors():
        from mien.apps import relations_work

        options = {"device": device} | ({} if embedder is None else {"embedder": embedder})
        relations_work.relate(
            photo,
            json_to=json,
            graphml_to=graphml,
            draw_to=draw,
            options={"fmr": fmr, "regions": regions, "budget": budget, "seed": seed} | options,
        )
