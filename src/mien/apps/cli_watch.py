"""``mien watch``: what can be typed; watch_work.py does it.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.apps.choices import Device, Jobs
from mien.apps.terminal import plain_errors


def register(main: typer.Typer) -> None:
    """Add the command to the program."""
    main.command()(watch)


def watch(
    source: Annotated[
        str, typer.Argument(help="A folder, a stream's URL, a camera (0) or a video file.")
    ],
    gallery: Annotated[
        Path | None, typer.Option("--gallery", "-g", help="Name faces from this gallery.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="Append events to this file, one JSON line each.")
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(help="Post events to this URL; signed with MIEN_WEBHOOK_SECRET if set."),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(help="Where is kept what was done; default: in the user's cache folder."),
    ] = None,
    tasks: Annotated[
        str, typer.Option(help="Of a folder: what to read off each face, comma separated.")
    ] = "detect",
    fpir: Annotated[
        float, typer.Option(help="With --gallery: share of people not enrolled who may be named.")
    ] = 0.05,
    settle: Annotated[
        float,
        typer.Option(min=0.0, help="Of a folder: seconds unchanged until a picture counts."),
    ] = 2.0,
    every: Annotated[
        float,
        typer.Option(min=0.01, help="Of a stream: look at a frame every so many seconds."),
    ] = 0.5,
    hold: Annotated[
        float,
        typer.Option(min=0.1, help="Of a stream: gone after so many seconds out of sight."),
    ] = 5.0,
    most_waiting: Annotated[
        int, typer.Option(min=1, help="Events kept on disk while a receiver does not take them.")
    ] = 10_000,
    hwaccel: Annotated[
        str | None, typer.Option(help="Decode with cuda, vaapi …; fails where it is not there.")
    ] = None,
    jobs: Jobs = None,
    device: Device = "cpu",
) -> None:
    """Watch a folder or a stream for as long as it goes, and tell what comes.

    Events are JSON lines on stdout unless --file or --webhook is given. Ctrl-C ends it with exit
    code 130, SIGTERM with 0; the same command goes on where it was.
    """
    with plain_errors():
        from mien.apps import watch_work

        code = watch_work.watch(
            source,
            watch_work.Request(
                gallery=gallery,
                file=file,
                webhook=webhook,
                journal=journal,
                tasks=tasks,
                fpir=fpir,
                settle_s=settle,
                every_s=every,
                hold_s=hold,
                most_waiting=most_waiting,
                hwaccel=hwaccel,
                options={"device": device} | ({} if jobs is None else {"threads": jobs}),
            ),
        )
    raise typer.Exit(code)
