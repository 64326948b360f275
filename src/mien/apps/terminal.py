"""What a person sees: errors in one line, tables, progress, and the exit codes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

OK, FAILED, USAGE, SOME_FAILED, NO_FACE, INTERRUPTED = 0, 1, 2, 3, 4, 130
#: More rows than this are for a file, not for eyes.
_MOST_ROWS = 40


@contextmanager
def plain_errors(*, after_interruption: str = "") -> Iterator[None]:
    """Turn mien's errors into one line on stderr and an exit code.

    ``after_interruption``: how to go on when the command was interrupted.
    """
    from mien.errors import (
        DeviceError,
        ImageReadError,
        InputError,
        MienError,
        MissingExtraError,
        ModelNotFoundError,
        NoFaceError,
    )

    try:
        yield
    except MienError as error:
        code = FAILED
        if isinstance(error, NoFaceError):
            code = NO_FACE
        elif isinstance(error, ImageReadError):
            code = SOME_FAILED
        elif isinstance(error, InputError | DeviceError | ModelNotFoundError | MissingExtraError):
            code = USAGE
        say(f"mien: {error}")
        raise typer.Exit(code) from error
    except KeyboardInterrupt as error:
        say("mien: interrupted" + (f"; {after_interruption}" if after_interruption else ""))
        raise typer.Exit(INTERRUPTED) from error


def say(text: str) -> None:
    """Write one line to stderr."""
    typer.echo(printable(text), err=True)


def printable(text: str) -> str:
    """Return the text without line breaks, escape sequences and other unprintable characters."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def is_terminal() -> bool:
    """Tell whether stdout is looked at by a person."""
    return sys.stdout.isatty()


def console(*, stderr: bool = False) -> Console:
    """Return rich's console."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def progress() -> Progress:
    """Return a progress bar on stderr, silent unless that is a terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    err = console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
        transient=True,
    )


#: Heading of each column of the table, and how its cell is read off a face's record.
_CELLS: tuple[tuple[str, str, str], ...] = (
    ("age", "apparent_age", "value"),
    ("gender", "apparent_gender", "label"),
    ("ancestry", "apparent_ancestry", "label"),
    ("shows", "expression", "label"),
    ("yaw", "pose", "yaw_deg"),
    ("pitch", "pose", "pitch_deg"),
    ("roll", "pose", "roll_deg"),
    ("quality", "quality", "unified"),
)


def show_faces(records: Iterable[Mapping[str, Any]], *, total: int) -> None:
    """Print a table with one row a face, of the first pictures."""
    from rich.table import Table
    from rich.text import Text

    out = console()
    shown = list(islice(records, _MOST_ROWS))
    faces = [face for record in shown for face in record["faces"]]
    cells = [cell for cell in _CELLS if any(cell[1] in face for face in faces)]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("picture", overflow="fold", min_width=14)
    for heading in ("face", "px", *[heading for heading, _, _ in cells]):
        side: Literal["left", "right"] = "left" if heading in _WORDS else "right"
        table.add_column(heading, justify=side, no_wrap=True)
    for record in shown:
        name = Text(printable(str(record["source"])))
        if record["error"] is not None:
            table.add_row(name.append("\nfailed", style="red"))
        elif not record["faces"]:
            table.add_row(name.append("\nno face", style="dim"))
        for number, face in enumerate(record["faces"]):
            row = [_cell(face.get(column), key, wide=out.width >= 100) for _, column, key in cells]
            table.add_row(name if number == 0 else "", str(number + 1), _side(face), *row)
    out.print(table)
    if total > len(shown):
        more = f"… and {total - len(shown):,} pictures more; --csv or --json has all"
        out.print(more, style="dim")
    if any("apparent_age" in face or "apparent_gender" in face for face in faces):
        out.print("age, gender and ancestry as they appear to the models", style="dim")


_WORDS = ("gender", "ancestry", "shows")


def _side(face: Mapping[str, Any]) -> str:
    box = face["box"]
    return f"{min(box['x1'] - box['x0'], box['y1'] - box['y0']):.0f}"


def _cell(attribute: Mapping[str, Any] | None, key: str, *, wide: bool) -> str:
    value = None if attribute is None else attribute.get(key)
    if attribute is None or value is None:
        return "-"
    if isinstance(value, str):
        share = attribute.get("probabilities", {}).get(value)
        return f"{value} {100 * share:.0f}%" if wide and share is not None else value
    spread = attribute.get("spread")
    return f"{round(value)}" + ("" if spread is None else f" ± {spread:.0f}")
