"""``mien cluster``: what can be typed; cluster_work.py does it.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mien.apps.terminal import plain_errors


def register(main: typer.Typer) -> None:
    """Add the command to the program."""
    main.command()(cluster)


def cluster(
    paths: Annotated[list[Path], typer.Argument(help="Pictures and folders.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="Write face crops to this new folder, a folder a person."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a contact sheet to judge: one HTML file.")
    ] = None,
    json: Annotated[str | None, typer.Option(help="Write JSON to this file; - is stdout.")] = None,
    method: Annotated[
        Literal["structure", "chinese_whispers", "threshold"], typer.Option(help="How to group.")
    ] = "structure",
    threshold: Annotated[
        float | None,
        typer.Option(help="Higher makes more, purer groups; default: what was measured."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Pictures at once; default all cores.")
    ] = None,
    device: Annotated[
        str, typer.Option(help="cpu, cuda, openvino ...; one that is not there is an error.")
    ] = "cpu",
    embedder: Annotated[
        str | None, typer.Option(help="Recognition model.", show_default=False)
    ] = None,
) -> None:
    """Group the faces of a photo collection by person. Photos are never moved or changed.

    Exit code 3 when a picture could not be read; the others are grouped all the same.
    """
    with plain_errors():
        from mien.apps import cluster_work

        options = {"threads": jobs, "device": device, "embedder": embedder}
        code = cluster_work.cluster(
            paths,
            out=out,
            report=report,
            json_to=json,
            method=method,
            threshold=threshold,
            options={name: value for name, value in options.items() if value is not None},
        )
    raise typer.Exit(code)
