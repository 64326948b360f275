"""``mien audit``: what can be typed; audit_work.py does it.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mien.apps.choices import Cache, Device, Jobs, NoCache, Seed
from mien.apps.terminal import plain_errors

app = typer.Typer(
    help="Find out for whom a model works less well: mien audit --data FOLDER --groups COLUMN",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[
    str | None, typer.Option(help="Write JSON to this file; - is stdout.", show_default=False)
]


def register(main: typer.Typer) -> None:
    """Add the commands to the program."""
    main.add_typer(app, name="audit")


@app.callback()
def audit(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(help="The folder of pictures.", show_default=False)
    ] = None,
    groups: Annotated[
        list[str] | None,
        typer.Option(
            help="COLUMN, or COLUMN:18,40,60 for bins, COLUMN:q4 for quarters; several times, "
            "or parted by spaces. mien.apparent_gender, mien.ita_class ...: as mien reads it.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="CSV: file, perhaps subject_id, and the columns to group by "
            "(default: labels.csv in the folder).",
            show_default=False,
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="Layout of the folder; see mien evaluate --list.", show_default=False),
    ] = None,
    split: Annotated[str | None, typer.Option(help="Part of the data set.")] = None,
    task: Annotated[
        Literal["verification", "age", "gender", "ancestry", "expression", "detection", "quality"],
        typer.Option(help="What to audit."),
    ] = "verification",
    truth: Annotated[
        str | None, typer.Option(help="Column of the true value.", show_default=False)
    ] = None,
    target_fmr: Annotated[
        float, typer.Option(help="False match rate of the one threshold for all.")
    ] = 1e-3,
    held: Annotated[
        list[str] | None,
        typer.Option(help="Columns of numbers to hold equal too.", show_default=False),
    ] = None,
    adjust: Annotated[
        bool, typer.Option(help="Also adjust gaps by regression (mien[audit]).")
    ] = True,
    choose: Annotated[
        Literal["largest", "central"], typer.Option(help="Which of several faces counts.")
    ] = "largest",
    resamples: Annotated[int, typer.Option(min=20, help="Resamples of subjects.")] = 200,
    json: Json = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a report to look at: one HTML file.")
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(help="Write the audit card and the cards of the models to this folder."),
    ] = None,
    cache: Cache = None,
    no_cache: NoCache = False,
    seed: Seed = 0,
    jobs: Jobs = None,
    device: Device = "cpu",
    embedder: Annotated[
        str | None, typer.Option(help="Recognition model.", show_default=False)
    ] = None,
) -> None:
    """Find out for whom a model works less well, and what the data cannot tell.

    Figures by group at one threshold for all, gaps raw and with how the pictures were taken held
    equal, and the smallest gap that these data could have seen.
    """
    if context.invoked_subcommand is not None:
        return
    with plain_errors():
        from mien.apps import audit_work

        options = {"device": device, "threads": jobs, "embedder": embedder}
        audit_work.audit(
            audit_work.Asked(
                data=data,
                groups=groups if groups is not None else [],
                labels=labels,
                dataset=dataset,
                split=split,
                task=task,
                truth=truth,
                target_fmr=target_fmr,
                held=held if held is not None else [],
                adjust=adjust,
                choose=choose,
                resamples=resamples,
                seed=seed,
                cache=cache,
                no_cache=no_cache,
                options={name: value for name, value in options.items() if value is not None},
            ),
            json_to=json,
            report=report,
            card_to=card,
        )


@app.command()
def effect(
    data: Annotated[Path, typer.Option(help="The folder of pictures.")],
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="CSV: first, second, factor, subject, perhaps reference. Without it: "
            "FACTOR/SUBJECT_first.jpg and _second.jpg in the folder.",
            show_default=False,
        ),
    ] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(
            help="quality, detection_score, apparent_age, female, similarity, comparison ..."
        ),
    ] = None,
    json: Json = None,
    seed: Seed = 0,
    jobs: Jobs = None,
    device: Device = "cpu",
) -> None:
    """Measure what one factor does to a score, on pairs of pictures that differ in it alone."""
    with plain_errors():
        from mien.apps import perception_work

        options = {"device": device, "threads": jobs}
        perception_work.effect(
            data,
            pairs,
            scores=score if score is not None else ["quality"],
            json_to=json,
            seed=seed,
            options=options,
        )


@app.command()
def agreement(
    ratings: Annotated[Path, typer.Argument(help="CSV: item (or first, second), rater, rating.")],
    model: Annotated[
        Path | None,
        typer.Option(
            help="CSV: item (or first, second), score: what a model says.", show_default=False
        ),
    ] = None,
    level: Annotated[
        Literal["nominal", "ordinal", "interval"], typer.Option(help="The scale of the ratings.")
    ] = "interval",
    json: Json = None,
    seed: Seed = 0,
) -> None:
    """Tell whether people agree with each other, and a model with them."""
    with plain_errors():
        from mien.apps import perception_work

        perception_work.agreement(ratings, model, level=level, json_to=json, seed=seed)


@app.command()
def structure(
    people: Annotated[Path, typer.Argument(help="CSV: first, second, similarity.")],
    data: Annotated[
        Path | None,
        typer.Option(help="The pictures that it names: mien compares them.", show_default=False),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="CSV of another system: first, second, similarity.", show_default=False),
    ] = None,
    rank: Annotated[Literal["spearman", "kendall"], typer.Option(help="Correlation.")] = "spearman",
    neighbours: Annotated[
        int, typer.Option(min=1, help="Of the graph whose curvature is taken.")
    ] = 5,
    permutations: Annotated[int, typer.Option(min=19, help="Shuffles of the test.")] = 1000,
    json: Json = None,
    seed: Seed = 0,
    jobs: Jobs = None,
    device: Device = "cpu",
) -> None:
    """Compare which faces a model and people find alike, by rank and by curvature."""
    with plain_errors():
        from mien.apps import perception_work

        perception_work.structure(
            people,
            data,
            model,
            rank=rank,
            k=neighbours,
            permutations=permutations,
            json_to=json,
            seed=seed,
            options={"device": device, "threads": jobs},
        )
