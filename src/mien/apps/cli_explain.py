"""``mien explain``: what speaks for a score and what against; a report, a table or JSON."""

from __future__ import annotations

import json as json_text
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mien.apps.choices import Device, Embedder, Json
from mien.apps.terminal import console, is_terminal, plain_errors, say

Choose = Literal["single", "largest", "central"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    probe: Annotated[Path, typer.Argument(help="A picture of one face.")],
    reference: Annotated[
        Path | None, typer.Argument(help="Another, to explain their match.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="A third picture: why rather REFERENCE than this one?")
    ] = None,
    target: Annotated[
        str, typer.Option(help="match, apparent_age, apparent_gender:male, expression ...")
    ] = "match",
    method: Annotated[
        str | None, typer.Option(help="shapley, occlusion, rise ...; default: the best measured.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(min=2, help="Crops that may be scored for each picture.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of what is drawn at random.")] = 0,
    faithfulness: Annotated[
        bool, typer.Option("--faithfulness", help="Measure how well the map orders pixels.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a report to look at: one HTML file.")
    ] = None,
    json: Json = False,
    choose: Annotated[
        Choose, typer.Option(help="With several faces: refuse, or take one.")
    ] = "single",
    device: Device = "cpu",
    embedder: Embedder = None,
) -> None:
    """Say why two pictures match or do not, or why a face is read as it is.

    Exit code 4 when a picture shows no face.
    """
    with plain_errors():
        from mien.explain import explain as find
        from mien.io import read_image

        paths = [probe] if reference is None else [probe, reference]
        images = [read_image(path) for path in paths]
        third = None if against is None else read_image(against)
        options: dict[str, Any] = {} if embedder is None else {"embedder": embedder}
        found = find(
            images[0],
            *images[1:],
            target=target,
            against=third,
            method=method,
            budget=budget,
            seed=seed,
            faithfulness=faithfulness,
            choose=choose,
            device=device,
            **options,
        )
        if report is not None:
            from mien.render.report.why import write_why

            write_why(report, images[: len(found)], found)
            say(f"mien: {report} written")
        show(paths[: len(found)], found, as_json=json)


def show(paths: Sequence[Path], found: Sequence[object], *, as_json: bool) -> None:
    """Print explanations: words and bars on a terminal, JSON on a pipe."""
    from mien.types.explanation import Explanation

    explanations = [one for one in found if isinstance(one, Explanation)]
    if as_json or not is_terminal():
        pictures = [
            {"source": str(path)} | one.to_dict()
            for path, one in zip(paths, explanations, strict=True)
        ]
        typer.echo(json_text.dumps({"explanations": pictures}))
        return
    out = console()
    for path, one in zip(paths, explanations, strict=True):
        out.print(f"[bold]{path.name}[/]  {one.to_text()}")
        reach = max(abs(one.region_scores).max(), 1e-12)
        for name, score in sorted(
            zip(one.regions, one.region_scores.tolist(), strict=True), key=lambda row: -row[1]
        ):
            bar = "█" * round(24 * abs(score) / reach)
            colour = "dark_orange3" if score >= 0 else "blue"
            out.print(f"  {name:<12} {score:+.4f} [{colour}]{bar}[/]")
