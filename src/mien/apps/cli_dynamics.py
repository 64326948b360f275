"""``mien dynamics``: what can be typed; dynamics_work.py does it.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.apps.choices import Device, JsonFile
from mien.apps.terminal import plain_errors


def register(main: typer.Typer) -> None:
    """Add the command to the program."""
    main.command()(dynamics)


def dynamics(
    video: Annotated[str, typer.Argument(help="A video file.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write the series as Parquet: one row a frame and face."),
    ] = None,
    events: Annotated[
        Path | None, typer.Option(help="Write the events as Parquet: one row an event.")
    ] = None,
    json: JsonFile = None,
    landmarks: Annotated[
        bool, typer.Option("--landmarks", help="Write the mesh too: 6 KB a row.")
    ] = False,
    smooth: Annotated[
        bool, typer.Option("--smooth", help="Smooth what is written (One Euro); events stay.")
    ] = False,
    window: Annotated[
        float, typer.Option(min=8, help="Seconds in which the pulse is read, 8 or more.")
    ] = 12.0,
    micro: Annotated[
        bool,
        typer.Option(
            "--micro",
            help="Read the file again: small movements from onset to apex, into the JSON.",
        ),
    ] = False,
    identities: Annotated[
        bool, typer.Option(help="Make templates: who returns is the same person.")
    ] = True,
    device: Device = "cpu",
) -> None:
    """Read faces over time: blinks, mouth, nods, gaze, expressions, pulse.

    One series a person in view, and gaze between them. The pulse is a research output, never a
    medical one. Exit code 3 when parts of the video could not be decoded, 4 when no frame shows a
    face.
    """
    with plain_errors():
        from mien.apps import dynamics_work

        code = dynamics_work.read(
            video,
            dynamics_work.Outputs(out, events, json, landmarks, smooth, micro),
            window_s=window,
            identities=identities,
            device=device,
        )
    raise typer.Exit(code)
