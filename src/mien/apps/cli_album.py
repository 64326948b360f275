"""``mien album``: what can be typed; album_work.py does it.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.apps.choices import Json, Reason, Where
from mien.apps.terminal import plain_errors

app = typer.Typer(
    no_args_is_help=True,
    help="Work on the people that mien cluster --gallery found: name, merge, split, undo.",
)
Group = Annotated[int, typer.Argument(help="A group's number.", show_default=False)]


def register(main: typer.Typer) -> None:
    """Add the commands to the program."""
    main.add_typer(app, name="album")


@app.command()
def show(
    gallery: Where,
    report: Annotated[
        Path | None, typer.Option(help="Write a contact sheet to judge: one HTML file.")
    ] = None,
    json: Json = False,
) -> None:
    """List the groups, largest first."""
    with plain_errors():
        from mien.apps import album_work

        album_work.show(gallery, report=report, as_json=json)


@app.command()
def ask(
    gallery: Where,
    most: Annotated[int, typer.Option(min=1, help="Questions at most.")] = 10,
    json: Json = False,
) -> None:
    """Ask about the pairs of groups whose answer would help most: merge, or apart?"""
    with plain_errors():
        from mien.apps import album_work

        album_work.ask(gallery, most=most, as_json=json)


@app.command()
def merge(
    gallery: Where, into: Group, other: Group, reason: Reason = "", json: Json = False
) -> None:
    """Put the faces of another group into a group: they are one person."""
    with plain_errors():
        from mien.apps import album_work

        album_work.edit(gallery, "merge", into, other, reason=reason, as_json=json)


@app.command()
def split(
    gallery: Where,
    faces: Annotated[list[int], typer.Argument(help="Numbers of references of one group.")],
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Make some faces of a group a group of their own."""
    with plain_errors():
        from mien.apps import album_work

        album_work.edit(gallery, "split", faces, reason=reason, as_json=json)


@app.command()
def name(
    gallery: Where,
    group: Group,
    text: Annotated[str | None, typer.Argument(help="The name; none takes it away.")] = None,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Name a group."""
    with plain_errors():
        from mien.apps import album_work

        album_work.edit(gallery, "name", group, text, reason=reason, as_json=json)


@app.command()
def apart(
    gallery: Where, one: Group, other: Group, reason: Reason = "", json: Json = False
) -> None:
    """Remember that two groups are two people."""
    with plain_errors():
        from mien.apps import album_work

        album_work.edit(gallery, "tell_apart", one, other, reason=reason, as_json=json)


@app.command()
def undo(gallery: Where, reason: Reason = "", json: Json = False) -> None:
    """Take back the last edit; again for the one before it."""
    with plain_errors():
        from mien.apps import album_work

        album_work.undo(gallery, reason=reason, as_json=json)


@app.command()
def log(gallery: Where, json: Json = False) -> None:
    """List the edits that can be undone, oldest first."""
    with plain_errors():
        from mien.apps import album_work

        album_work.log(gallery, as_json=json)
