"""``mien enrol``, ``search`` and ``gallery``: what can be typed; gallery_work.py does it.

Only typer is loaded here: ``mien --help`` must not wait for a runtime.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mien.apps.terminal import plain_errors

app = typer.Typer(no_args_is_help=True, help="Look after a gallery: see, erase, copy, check.")

Where = Annotated[Path, typer.Argument(help="The gallery's folder.", show_default=False)]
At = Annotated[
    Path, typer.Option("--gallery", "-g", help="The gallery's folder.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on a terminal too.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit log.")]
Jobs = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, help="Pictures at once; default all cores.")
]
Device = Annotated[
    str, typer.Option(help="cpu, cuda, openvino ...; one that is not there is an error.")
]
Embedder = Annotated[
    str | None,
    typer.Option(help="Recognition model of a new gallery; later it is the gallery's own."),
]


def register(main: typer.Typer) -> None:
    """Add the commands to the program."""
    main.command()(enrol)
    main.command()(search)
    main.command()(identify)
    main.add_typer(app, name="gallery")


def enrol(
    paths: Annotated[list[Path], typer.Argument(help="Pictures and folders.", show_default=False)],
    gallery: At,
    subject_from: Annotated[
        str,
        typer.Option(help="Who is on a picture: folder, name, or a CSV file (file,name[,...])."),
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
    reason: Reason = "",
    jobs: Jobs = None,
    device: Device = "cpu",
    embedder: Embedder = None,
    json: Json = False,
) -> None:
    """Enrol people into a gallery. Run again to go on after an interruption.

    Exit code 3 when a picture could not be read or was left out.
    """
    with plain_errors():
        from mien.apps import gallery_work

        code = gallery_work.enrol(
            paths,
            gallery,
            subject_from=subject_from,
            choose=choose,
            consent=gallery_work.consent_of(purpose, expires),
            quality=quality,
            reason=reason,
            as_json=json,
            options=gallery_work.chosen(threads=jobs, device=device, embedder=embedder),
        )
    raise typer.Exit(code)


def search(
    paths: Annotated[list[Path], typer.Argument(help="Pictures and folders.", show_default=False)],
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
    paths: Annotated[list[Path], typer.Argument(help="Pictures and folders.", show_default=False)],
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
    file: Annotated[Path, typer.Argument(help="The Parquet file to write.")],
    reason: Reason = "",
) -> None:
    """Write everything as Parquet, not encrypted; the gallery remembers that it was."""
    with plain_errors():
        from mien.apps import gallery_work

        gallery_work.export(gallery, file, reason=reason)


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
