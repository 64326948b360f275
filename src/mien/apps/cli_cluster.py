"""``mien cluster``: what can be typed; cluster_work.py does it.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mien.apps.choices import Device, Embedder, Jobs, JsonFile, Pictures
from mien.apps.terminal import plain_errors


def register(main: typer.Typer) -> None:
    """Add the command to the program."""
    main.command()(cluster)


def cluster(
    paths: Pictures,
    out: Annotated[
        Path | None,
        typer.Option(help="Write face crops to this new folder, a folder a person."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a contact sheet to judge: one HTML file.")
    ] = None,
    json: JsonFile = None,
    gallery: Annotated[
        Path | None,
        typer.Option(
            "--gallery", "-g", help="Keep faces and groups in this gallery; see mien album."
        ),
    ] = None,
    keep_crops: Annotated[
        bool,
        typer.Option(
            "--keep-crops",
            help="With --gallery: keep each face's picture, encrypted, for the board of mien serve "
            "and for gallery migrate.",
        ),
    ] = False,
    method: Annotated[
        Literal["structure", "chinese_whispers", "threshold"], typer.Option(help="How to group.")
    ] = "structure",
    threshold: Annotated[
        float | None,
        typer.Option(help="Higher makes more, purer groups; default: what was measured."),
    ] = None,
    jobs: Jobs = None,
    device: Device = "cpu",
    embedder: Embedder = None,
) -> None:
    """Group the faces of a photo collection by person. Photos are never moved or changed.

    With --gallery the faces are enrolled, and new photos extend the groups that are there. Exit
    code 3 when a picture could not be read; the others are grouped all the same.
    """
    again = "" if gallery is None else "what was done is kept; the same command goes on from here"
    with plain_errors(after_interruption=again):
        from mien.apps import album_work, cluster_work
        from mien.errors import InputError

        if gallery is not None and out is not None:
            raise InputError("--out: goes with clusters that are not kept; leave out --gallery")
        if keep_crops and gallery is None:
            raise InputError("--keep-crops: goes with --gallery, which keeps them")
        chosen = {"threads": jobs, "device": device, "embedder": embedder}
        options = {name: value for name, value in chosen.items() if value is not None}
        shared: dict[str, Any] = {
            "report": report,
            "json_to": json,
            "method": method,
            "threshold": threshold,
        }
        if gallery is None:
            code = cluster_work.cluster(paths, out=out, options=options, **shared)
        else:
            code = album_work.cluster(
                paths, gallery, keep_crops=keep_crops, options=options, **shared
            )
    raise typer.Exit(code)
