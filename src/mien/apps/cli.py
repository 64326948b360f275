"""The command line: ``mien analyze``, ``verify``, ``explain``, ``models``, ``doctor``.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from mien import __version__
from mien.apps.choices import Device, Embedder, Jobs, Json, JsonFile, On, Pictures, Shards
from mien.apps.cli_album import register as register_album
from mien.apps.cli_anonymize import register as register_anonymize
from mien.apps.cli_audit import register as register_audit
from mien.apps.cli_cluster import register as register_cluster
from mien.apps.cli_concepts import register as register_concepts
from mien.apps.cli_counterfactual import register as register_counterfactual
from mien.apps.cli_dynamics import register as register_dynamics
from mien.apps.cli_evaluate import register as register_evaluate
from mien.apps.cli_explain import register as register_explain
from mien.apps.cli_gallery import register as register_gallery
from mien.apps.cli_prototypes import register as register_prototypes
from mien.apps.cli_relations import register as register_relations
from mien.apps.cli_serve import register as register_serve
from mien.apps.cli_teach import register as register_teach
from mien.apps.cli_track import register as register_track
from mien.apps.cli_train import register as register_train
from mien.apps.cli_watch import register as register_watch
from mien.apps.terminal import plain_errors

app = typer.Typer(
    name="mien",
    help="Find, read, compare and explain faces in pictures. Nothing leaves this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Fast = Annotated[bool, typer.Option("--fast", help="Use the small recognition model (research).")]
FAST_EMBEDDER = "mobileface.256"


def _version(value: bool) -> None:
    if value:
        typer.echo(f"mien {__version__}")
        raise typer.Exit


@app.callback()
def _mien(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Log to stderr, with the traces of failures.")
    ] = False,
) -> None:
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    else:
        # Failures are told in one line each; without a handler Python would print the log too.
        logging.getLogger("mien").addHandler(logging.NullHandler())


@app.command()
def analyze(
    paths: Pictures,
    tasks: Annotated[
        str | None, typer.Option(help="Only these, comma separated: detect,age ...")
    ] = None,
    json: JsonFile = None,
    csv: Annotated[Path | None, typer.Option(help="Write one row a face to this file.")] = None,
    draw: Annotated[
        Path | None, typer.Option(help="Write the pictures with their faces drawn to this folder.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a report to look at: one HTML file.")
    ] = None,
    jobs: Jobs = None,
    device: Device = "cpu",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a run stopped; skip unchanged files.")
    ] = False,
    landmarks: Annotated[
        str, typer.Option(help="Points to write: all, none, or five,ibug68,mesh478 ...")
    ] = "five",
    fast: Fast = False,
    detector: Annotated[str | None, typer.Option(help="Detection model.")] = None,
    mesh: Annotated[
        str | None, typer.Option(help="Mesh model: facemesh.attention or facemesh.plain.")
    ] = None,
    embedder: Embedder = None,
    expression: Annotated[
        str | None, typer.Option(help="Expression model; also a spec file, of your own model.")
    ] = None,
    unified: Annotated[
        str | None, typer.Option(help="Unified model; also a spec file, of your own model.")
    ] = None,
    orientation: Annotated[
        Literal["exif", "auto"], typer.Option(help="auto also finds turned faces.")
    ] = "exif",
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Refuse larger pictures before decoding them.")
    ] = None,
    on: On = None,
    shards: Shards = None,
) -> None:
    """Find out everything about the faces in pictures.

    A table on a terminal, JSON on a pipe. Exit code 3 when an input could not be read; the others
    are analysed all the same.
    """
    with plain_errors(after_interruption="--resume goes on from here"):
        from mien.apps.cli_analyze import Request
        from mien.apps.cli_analyze import analyze as run

        chosen = {
            "detector": detector,
            "mesh": mesh,
            "embedder": _embedder(embedder, fast=fast),
            "expression": expression,
            "unified": unified,
            "orientation": orientation,
        }
        request = Request(
            paths=paths,
            tasks=tasks,
            json=json,
            csv=csv,
            draw=draw,
            report=report,
            jobs=jobs,
            resume=resume,
            landmarks=landmarks,
            device=device,
            max_pixels=max_pixels,
            options={name: value for name, value in chosen.items() if value is not None},
            on=on,
            shards=shards,
        )
        code = run(request)
    raise typer.Exit(code)


@app.command()
def verify(
    probe: Annotated[Path, typer.Argument(help="A picture of one face.")],
    reference: Annotated[Path, typer.Argument(help="Another.")],
    fmr: Annotated[
        float, typer.Option(help="False match rate of the threshold: 0.01, 0.001 ...")
    ] = 1e-3,
    prior: Annotated[
        float, typer.Option(help="Share of such comparisons that show one person.")
    ] = 0.5,
    json: Json = False,
    choose: Annotated[
        Literal["single", "largest", "central"],
        typer.Option(help="With several faces: refuse, or take one."),
    ] = "single",
    device: Device = "cpu",
    fast: Fast = False,
    embedder: Embedder = None,
) -> None:
    """Tell whether two pictures show the same person.

    Exit code 0 whatever the decision, 4 when a picture shows no face.
    """
    with plain_errors():
        from mien.apps.cli_verify import compare

        model = _embedder(embedder, fast=fast)
        options = {} if model is None else {"embedder": model}
        compare(
            probe,
            reference,
            fmr=fmr,
            prior=prior,
            choose=choose,
            as_json=json,
            device=device,
            **options,
        )


@app.command()
def models(
    use: Annotated[
        str | None, typer.Option(help="Only these: permissive, research or unclear.")
    ] = None,
    task: Annotated[str | None, typer.Option(help="Only models of this task.")] = None,
    json: Json = False,
) -> None:
    """List the installed models: licence, origin, training data, measured accuracy."""
    with plain_errors():
        from mien.apps.cli_models import list_models

        list_models(use=use, task=task, as_json=json)


@app.command()
def doctor() -> None:
    """Check the installation."""
    with plain_errors():
        from mien.apps.cli_doctor import doctor as examine

        code = examine()
    raise typer.Exit(code)


register_anonymize(app)
register_audit(app)
register_cluster(app)
register_album(app)
register_dynamics(app)
register_evaluate(app)
register_explain(app)
register_gallery(app)
register_relations(app)
register_counterfactual(app)
register_prototypes(app)
register_concepts(app)
register_serve(app)
register_teach(app)
register_track(app)
register_train(app)
register_watch(app)


def _embedder(embedder: str | None, *, fast: bool) -> str | None:
    if fast and embedder is not None:
        raise typer.BadParameter("--fast and --embedder exclude each other")
    return FAST_EMBEDDER if fast else embedder


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the ``mien`` command on these arguments (default: the process's), and exit."""
    try:
        try:
            app(args=arguments)
        finally:
            # Here, where a closed pipe is handled, and not by Python at exit, where it is not.
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is still buffered goes nowhere, or Python
        # would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


if __name__ == "__main__":
    main()
