"""``mien counterfactual``: what can be typed, and what is printed.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

import json as jsons
from pathlib import Path
from typing import Annotated, Literal

import typer

from mien.apps.choices import Device, Embedder, Json
from mien.apps.terminal import is_terminal, plain_errors


def register(main: typer.Typer) -> None:
    """Add the command to the program."""
    main.command()(counterfactual)


def counterfactual(
    probe: Annotated[Path, typer.Argument(help="The picture that is altered.", show_default=False)],
    reference: Annotated[
        Path | None, typer.Argument(help="For match or no match.", show_default=False)
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Instead: apparent_gender, expression:sad ...")
    ] = None,
    kind: Annotated[
        Literal["copy", "blur", "inpaint"], typer.Option(help="How regions are altered.")
    ] = "copy",
    donor: Annotated[Path | None, typer.Option(help="The face to copy from.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the edited picture: F.png.")] = None,
    fmr: Annotated[float, typer.Option(help="False match rate of the threshold.")] = 1e-3,
    choose: Annotated[
        Literal["single", "largest", "central"],
        typer.Option(help="With several faces: refuse, or take one."),
    ] = "single",
    budget: Annotated[int, typer.Option(help="Altered crops that may be scored.")] = 256,
    json: Json = False,
    device: Device = "cpu",
    embedder: Embedder = None,
) -> None:
    """Find few regions whose alteration flips a decision about a face.

    The written picture says in its metadata that it was put together.
    """
    with plain_errors():
        from mien.errors import InputError
        from mien.explain.counterfactual.asking import counterfactual as ask
        from mien.io.picture_file import write_png

        if out is not None and out.suffix.lower() != ".png":
            raise InputError(f"--out: got {out.name}, expected a name in .png")
        options = {"device": device} | ({} if embedder is None else {"embedder": embedder})
        found = ask(
            probe,
            reference,
            target=target,
            kind=kind,
            donor=donor,
            fmr=fmr,
            choose=choose,
            budget=budget,
            **options,
        )
        if out is not None:
            regions = ", ".join(found.flip.regions)
            write_png(out, found.picture, altered=f"mien counterfactual: {kind} of {regions}")
        if json or not is_terminal():
            typer.echo(jsons.dumps(found.to_dict()))
        else:
            typer.echo(found.to_text())
