"""``mien evaluate``: what can be typed; evaluate_work.py does it.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from mien.apps.choices import Cache, Device, Jobs, Json, JsonFile, NoCache, Seed
from mien.apps.terminal import plain_errors


class _Benchmarks(TyperGroup):
    """``mien evaluate NAME`` is ``mien evaluate run NAME``."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Take a first word that is no command for the name of a benchmark."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["run", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=_Benchmarks,
    help="Measure how good models are, on labelled data: mien evaluate lfw --data FOLDER",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ReportFile = Annotated[
    Path | None, typer.Option(help="Write a report to look at: one HTML file.", show_default=False)
]


def register(main: typer.Typer) -> None:
    """Add the commands to the program."""
    main.add_typer(app, name="evaluate")


@app.callback()
def _evaluate(
    context: typer.Context,
    list_: Annotated[bool, typer.Option("--list", help="Name all benchmarks and layouts.")] = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    if not list_:
        typer.echo(context.get_help())
        raise typer.Exit(2)
    with plain_errors():
        from mien.apps import evaluate_work

        evaluate_work.show_benchmarks()


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="A benchmark; see --list.")],
    data: Annotated[Path, typer.Option(help="The folder of the data set.")],
    model: Annotated[
        list[str] | None,
        typer.Option(help="Model or spec file; several are put side by side.", show_default=False),
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="Layout of the folder; see --list.", show_default=False)
    ] = None,
    split: Annotated[str | None, typer.Option(help="Part of the data set.")] = None,
    choose: Annotated[
        Literal["largest", "central"] | None,
        typer.Option(help="Which of several faces in a picture counts.", show_default=False),
    ] = None,
    json: JsonFile = None,
    report: ReportFile = None,
    cache: Cache = None,
    no_cache: NoCache = False,
    seed: Seed = 0,
    jobs: Jobs = None,
    device: Device = "cpu",
) -> None:
    """Run a benchmark on labelled data (the word 'run' may be left out).

    What was analysed is kept, templates included: a run that was stopped goes on from there, and
    the same pictures are not analysed twice by the same models.
    """
    with plain_errors():
        from mien.apps import evaluate_work

        evaluate_work.run(
            name,
            data,
            models=model if model is not None else [],
            dataset=dataset,
            split=split,
            choose=choose,
            json_to=json,
            report=report,
            cache=evaluate_work.cache_folder(cache, off=no_cache),
            seed=seed,
            options={"device": device, "threads": jobs},
        )


@app.command()
def scores(
    file: Annotated[Path, typer.Argument(help="CSV with a header, or NPZ.", show_default=False)],
    task: Annotated[
        str,
        typer.Option(help="verification, presentation-attack, forgery or action-units."),
    ] = "verification",
    distance: Annotated[
        bool, typer.Option("--distance", help="Lower scores are more similar.")
    ] = False,
    name: Annotated[
        str | None, typer.Option(help="What to call the system.", show_default=False)
    ] = None,
    json: JsonFile = None,
    report: ReportFile = None,
    seed: Seed = 0,
) -> None:
    """Measure the score file of another system.

    verification: score,mated[,fold,first,second,first_subject,second_subject,group];
    presentation-attack: score,attack (bona_fide or the species); forgery: score,forgery (real or
    the method)[,video]; action-units: au_01,au_01_predicted ...
    """
    with plain_errors():
        from mien.apps import evaluate_work

        evaluate_work.scores(
            file,
            task=task,
            distance=distance,
            name=name,
            json_to=json,
            report=report,
            seed=seed,
        )


@app.command()
def explanations(
    data: Annotated[Path, typer.Option(help="The folder of the data set.")],
    methods: Annotated[
        str | None,
        typer.Option(help="Explainers, parted by commas.", show_default=False),
    ] = None,
    dataset: Annotated[str, typer.Option(help="Layout of the folder; see --list.")] = "lfw",
    split: Annotated[str, typer.Option(help="tune, report or all: whose pictures.")] = "report",
    triplets: Annotated[int, typer.Option(min=1, help="How many to make.")] = 500,
    trials: Annotated[
        int, typer.Option(min=0, help="Triplets for faithfulness, sanity and stability.")
    ] = 60,
    budget: Annotated[
        int | None,
        typer.Option(min=1, help="Crops that each may score (default: its own)."),
    ] = None,
    fill: Annotated[
        str | None, typer.Option(help="What hidden parts look like.", show_default=False)
    ] = None,
    json: JsonFile = None,
    report: ReportFile = None,
    cases: Annotated[
        Path | None,
        typer.Option(help="HTML file for what the first method lost: shows the people."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(help="Keep what was judged here (default: the user's cache).")
    ] = None,
    no_cache: NoCache = False,
    seed: Seed = 0,
    jobs: Jobs = None,
    device: Device = "cpu",
) -> None:
    """Measure how right explanations of matches are: the inpainting game.

    Triplets are made of the data: a probe, its mate, and the mate with one thing replaced. A run
    that was stopped goes on from there.
    """
    with plain_errors():
        from mien.apps import evaluate_work

        evaluate_work.explanations(
            data,
            methods=methods.split(",") if methods is not None else [],
            json_to=json,
            report=report,
            dataset=dataset,
            split=split,
            triplets=triplets,
            trials=trials,
            budget=budget,
            fill=fill,
            cases=cases,
            cache=evaluate_work.cache_folder(cache, off=no_cache),
            seed=seed,
            device=device,
            threads=jobs,
        )


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="JSON of a run, or of one with two models.")],
    second: Annotated[
        Path | None, typer.Argument(help="JSON of another run.", show_default=False)
    ] = None,
    json: Json = False,
    seed: Seed = 0,
) -> None:
    """Tell whether one of two runs over the same data is better: a paired test over people."""
    with plain_errors():
        from mien.apps import evaluate_work

        evaluate_work.compare(first, second, as_json=json, seed=seed)
