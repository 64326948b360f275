"""``mien track``: what can be typed; track_work.py does it.

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
    main.command()(track)


def track(
    video: Annotated[str, typer.Argument(help="A video file, stream URL or camera.")],
    html: Annotated[
        Path | None, typer.Option(help="Write the timeline with pictures: one HTML file.")
    ] = None,
    json: JsonFile = None,
    csv: Annotated[Path | None, typer.Option(help="Write one row a face a frame.")] = None,
    vtt: Annotated[
        Path | None, typer.Option(help="Write who is on screen as WebVTT, for a player.")
    ] = None,
    gallery: Annotated[
        Path | None, typer.Option("--gallery", "-g", help="Name the people by this gallery.")
    ] = None,
    fpir: Annotated[
        float,
        typer.Option(help="With --gallery: share of people not enrolled that may be named."),
    ] = 0.05,
    every: Annotated[
        int | None, typer.Option(min=1, help="Look for new faces every so many frames; default 8.")
    ] = None,
    min_face: Annotated[
        float | None, typer.Option(help="Smallest face to look for, px; default 24.")
    ] = None,
    identities: Annotated[
        bool, typer.Option(help="Make templates: who returns is the same person.")
    ] = True,
    lines: Annotated[
        bool, typer.Option("--lines", help="Print a line of JSON when somebody comes or goes.")
    ] = False,
    device: Device = "cpu",
    embedder: Embedder = None,
) -> None:
    """Follow the faces of a video: who is on screen when.

    Ctrl-C ends a stream; what was seen is written then too, with exit code 130. Exit code 3 when
    parts of the video could not be decoded, or a stream was lost for good.
    """
    with plain_errors():
        from mien.apps import track_work

        chosen = {
            "every": every,
            "min_face_px": min_face,
            "embedder": embedder,
            "device": device,
            "identities": identities,
        }
        outputs = track_work.Outputs(json=json, csv=csv, vtt=vtt, html=html, lines=lines)
        options = {name: value for name, value in chosen.items() if value is not None}
        code = track_work.track(video, outputs, gallery=gallery, fpir=fpir, options=options)
    raise typer.Exit(code)
