"""``mien anonymize``: what can be typed; anonymize_work.py does it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.apps.choices import Device, Json
from mien.apps.terminal import plain_errors


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(anonymize)


def anonymize(
    paths: Annotated[
        list[Path], typer.Argument(help="Pictures, videos and folders.", show_default=False)
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Write here: a folder, or a file for one file.")
    ],
    style: Annotated[
        str, typer.Option(help="solid; mask, blur and pixelate are cosmetic.")
    ] = "solid",
    strength: Annotated[
        float | None, typer.Option(help="Of blur and pixelate, in eye distances.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="Cover all but this subject of --gallery; may be repeated."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Cover only this subject of --gallery; may be repeated."),
    ] = None,
    gallery: Annotated[
        Path | None, typer.Option("--gallery", "-g", help="Who is who: a folder or URL.")
    ] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Look longer: turned, small, improbable faces too.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(help="Write what was covered to this JSON file; default: OUT.report.json."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a run stopped; skip what is done.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace outputs that are there already.")
    ] = False,
    hold: Annotated[
        int | None,
        typer.Option(min=10, help="Frames a cover stays before and after each sighting."),
    ] = None,
    device: Device = "cpu",
    json: Json = False,
) -> None:
    """Cover faces in pictures and videos, and strip all metadata.

    The inputs stay as they are. Exit code 3 when an input could not be read; it has no output.
    """
    with plain_errors(after_interruption="--resume goes on from here"):
        from mien.apps.anonymize_work import Request
        from mien.apps.anonymize_work import anonymize as run

        request = Request(
            paths=paths,
            out=out,
            style=style,
            strength=strength,
            keep=keep if keep is not None else [],
            only=only if only is not None else [],
            gallery=gallery,
            thorough=thorough,
            report=report,
            resume=resume,
            overwrite=overwrite,
            hold=hold,
            device=device,
            json=json,
        )
        code = run(request)
    raise typer.Exit(code)
