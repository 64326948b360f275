"""``mien enrol``, ``search`` and ``gallery``: what can be typed; gallery_work.py does it.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mien.apps.choices import (
    At,
    Device,
    Embedder,
    Jobs,
    Json,
    On,
    Pictures,
    Reason,
    Shards,
    Where,
)
from mien.apps.terminal import plain_errors

_AGAIN = "what was done is kept; the same command goes on from here"
app = typer.Typer(no_args_is_help=True, help="Look after a gallery: see, erase, copy, check.")


def register(main: typer.Typer) -> None:
    """Add the commands to the program."""
    main.command()(enrol)
    main.command()(search)
    main.command()(identify)
    main.add_typer(app, name="gallery")


def enrol(
    paths: Pictures,
    gallery: At,
    subject_from: Annotated[
        str,
        typer.Option(
            help="Who is on a picture: folder, name, xmp (regions that a photo manager named), or "
            "a CSV file (file,name[,...])."
        ),
    ] = "folder",
    choose: Annotated[
        Literal["single", "largest"],
        typer.Option(help="With several faces: leave the picture out, or take the largest."),
    ] = "single",
    purpose: Annotated[str | None, typer.Option(help="What consent was given for.")] = None,
    expires: Annotated[
        str | None, typer.Option(help="When the consent ends: 2027-12-31; needs --purpose.")
    ] = None,
    quality: Annotated[
        bool, typer.Option(help="Measure and store quality, for searches weighted by it.")
    ] = False,
    keep_crops: Annotated[
        bool,
        typer.Option(
            "--keep-crops", help="Keep each face's picture, encrypted, for gallery migrate."
        ),
    ] = False,
    reason: Reason = "",
    jobs: Jobs = None,
    device: Device = "cpu",
    embedder: Embedder = None,
    on: On = None,
    shards: Shards = None,
    json: Json = False,
) -> None:
    """Enrol people into a gallery. Run again to go on after an interruption.

    Exit code 3 when a picture could not be read or was left out.
    """
    with plain_errors(after_interruption=_AGAIN):
        from mien.apps import gallery_work

        code = gallery_work.enrol(
            paths,
            gallery,
            subject_from=subject_from,
            choose=choose,
            consent=gallery_work.consent_of(purpose, expires),
            quality=quality,
            keep_crops=keep_crops,
            reason=reason,
            as_json=json,
            options=gallery_work.chosen(threads=jobs, device=device, embedder=embedder),
            bulk=None if on is None and shards is None else (on, shards),
        )
    raise typer.Exit(code)


def search(
    paths: Pictures,
    gallery: At,
    top: Annotated[int, typer.Option(min=1, help="Candidates for each face.")] = 5,
    policy: Annotated[
        Literal["reference", "max", "mean", "quality"],
        typer.Option(help="Rank references, or subjects by their best or mean score."),
    ] = "max",
    int8: Annotated[bool, typer.Option("--int8", help="A quarter of the memory.")] = False,
    jobs: Jobs = None,
    device: Device = "cpu",
    json: Json = False,
) -> None:
    """List whom the faces in pictures resemble most. A candidate is no match.

    Exit code 3 when a picture could not be read.
    """
    with plain_errors():
        from mien.apps import gallery_work

        code = gallery_work.search(
            paths,
            gallery,
            top=top,
            policy=policy,
            precision="int8" if int8 else "float32",
            as_json=json,
            options=gallery_work.chosen(threads=jobs, device=device),
        )
    raise typer.Exit(code)


def identify(
    paths: Pictures,
    gallery: At,
    fpir: Annotated[
        float, typer.Option(help="Share of searches for people not enrolled that may name one.")
    ] = 0.05,
    prior: Annotated[
        float, typer.Option(help="Share of searches whose person is enrolled, for probabilities.")
    ] = 0.5,
    jobs: Jobs = None,
    device: Device = "cpu",
    json: Json = False,
) -> None:
    """Say who is on the pictures, or that nobody of the gallery is.

    Exit code 3 when a picture could not be read.
    """
    with plain_errors():
        from mien.apps import identify_work
        from mien.apps.gallery_work import chosen

        code = identify_work.identify(
            paths,
            gallery,
            fpir=fpir,
            prior=prior,
            as_json=json,
            options=chosen(threads=jobs, device=device),
        )
    raise typer.Exit(code)


@app.command()
def info(gallery: Where, json: Json = False) -> None:
    """Tell how large a gallery is, its model, and which copies of it were made."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.info(gallery, as_json=json)


@app.command("list")
def list_(gallery: Where, json: Json = False) -> None:
    """List the subjects."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.list_subjects(gallery, as_json=json)


@app.command()
def delete(
    gallery: Where,
    subject: Annotated[int | None, typer.Option(help="A subject's id.")] = None,
    name: Annotated[str | None, typer.Option(help="A subject's name.")] = None,
    external_id: Annotated[str | None, typer.Option(help="A subject's external id.")] = None,
    reference: Annotated[int | None, typer.Option(help="A single reference's id.")] = None,
    opt_out: Annotated[
        bool, typer.Option("--opt-out", help="Also refuse to enrol the person ever again.")
    ] = False,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Erase a subject, or one reference. When it returns, the bytes are gone."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.delete(
            gallery,
            subject_id=subject,
            name=name,
            external_id=external_id,
            reference_id=reference,
            opt_out=opt_out,
            reason=reason,
            as_json=json,
        )


@app.command()
def expire(gallery: Where, reason: Reason = "expiry", json: Json = False) -> None:
    """Erase every subject whose consent has expired."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.expire(gallery, reason=reason, as_json=json)


@app.command()
def export(
    gallery: Where,
    file: Annotated[
        Path | None, typer.Argument(help="The Parquet file to write.", show_default=False)
    ] = None,
    crops: Annotated[
        bool, typer.Option("--crops", help="Also the pictures that were kept of faces.")
    ] = False,
    xmp: Annotated[
        str | None,
        typer.Option(
            help="Names and boxes for photo managers: sidecars (photo.jpg.xmp beside the photos), "
            "or a folder for them.",
            metavar="sidecars|DIR",
        ),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Where photos named relatively are; default: here.")
    ] = None,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Write everything as Parquet, or names as XMP. Not encrypted; the gallery remembers it.

    Exit code 3 when a sidecar was left as it is.
    """
    with plain_errors():
        from mien.apps import gallery_work
        from mien.errors import InputError

        if (file is None) == (xmp is None):
            raise InputError("export: expected either a Parquet file or --xmp")
        code = 0
        if file is not None:
            gallery_work.export(gallery, file, crops=crops, reason=reason)
        elif xmp is not None:
            folder = None if xmp == "sidecars" else Path(xmp)
            code = gallery_work.export_xmp(gallery, folder, root, reason=reason, as_json=json)
    raise typer.Exit(code)


@app.command("import")
def import_(
    gallery: Where,
    file: Annotated[Path, typer.Argument(help="A Parquet file that export wrote.")],
    reason: Reason = "import",
    json: Json = False,
) -> None:
    """Enrol what an export holds and the gallery does not."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.import_(gallery, file, reason=reason, as_json=json)


@app.command()
def verify(gallery: Where, json: Json = False) -> None:
    """Check the database, every vector and every name. Exit code 1 when something is wrong."""
    with plain_errors():
        from mien.apps import gallery_work

        code = gallery_work.verify(gallery, as_json=json)
    raise typer.Exit(code)


@app.command()
def compact(gallery: Where) -> None:
    """Give back the space of what was erased."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.compact(gallery)


@app.command()
def backup(
    gallery: Where,
    folder: Annotated[Path, typer.Argument(help="A new folder for the copy.")],
    reason: Reason = "",
) -> None:
    """Copy a gallery. What is deleted from it later is deleted from the copy too."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.backup(gallery, folder, reason=reason)


@app.command()
def restore(
    copy: Annotated[Path, typer.Argument(help="The backup.")],
    folder: Annotated[Path, typer.Argument(help="A new folder for the gallery.")],
    reason: Reason = "",
) -> None:
    """Make a gallery from a backup."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.restore(copy, folder, reason=reason)


@app.command()
def audit(gallery: Where, json: Json = False) -> None:
    """List who did what, when and why."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.audit(gallery, as_json=json)


@app.command()
def migrate(
    gallery: Where,
    model: Annotated[
        str | None,
        typer.Option(help="The new recogniser: its name, spec file, or model id.", metavar="ID"),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Where pictures named relatively are; default: here.")
    ] = None,
    drop_missing: Annotated[
        bool, typer.Option("--drop-missing", help="Erase references that cannot be made anew.")
    ] = False,
    abandon: Annotated[
        bool, typer.Option("--abandon", help="Give up a migration and erase what it made.")
    ] = False,
    reason: Reason = "",
    jobs: Jobs = None,
    device: Device = "cpu",
    json: Json = False,
) -> None:
    """Make every template anew with another recogniser, from the pictures or kept crops.

    The gallery serves the old model until all are made. Run again to go on after an interruption.
    Exit code 3 when some could not be made: then it stays as it is.
    """
    with plain_errors(after_interruption=_AGAIN):
        from mien.apps import migrate_work
        from mien.apps.gallery_work import chosen

        code = migrate_work.migrate(
            gallery,
            model,
            root=root,
            drop_missing=drop_missing,
            abandon=abandon,
            reason=reason,
            as_json=json,
            options=chosen(threads=jobs, device=device),
        )
    raise typer.Exit(code)


@app.command("rotate-key")
def rotate_key(
    gallery: Where,
    new_key: Annotated[Path, typer.Argument(help="A file that holds the new key.")],
    reason: Reason = "",
) -> None:
    """Encrypt a gallery under a new key, or for the first time."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.rotate_key(gallery, new_key, reason=reason)
