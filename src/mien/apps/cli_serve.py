"""``mien serve`` and ``mien keys``: the server and who may ask it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mien.apps.terminal import plain_errors

State = Annotated[
    Path | None,
    typer.Option(help="Folder of the keys; default: in the gallery.", metavar="DIR"),
]
Place = Annotated[
    str | None, typer.Option("--gallery", help="Gallery: a folder or URL.", metavar="DIR|URL")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    keys = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys of a server.")
    keys.command("create")(create)
    keys.command("list")(list_keys)
    keys.command("revoke")(revoke)
    app.add_typer(keys, name="keys")


def serve(
    gallery: Place = None,
    state: State = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    name: Annotated[
        list[str] | None, typer.Option(help="Further host names to be asked under.")
    ] = None,
    max_upload_mb: Annotated[float, typer.Option(min=0.001, help="Largest request.")] = 20,
    most_waiting: Annotated[
        int, typer.Option(min=1, help="Pictures that may queue; more get 429.")
    ] = 128,
    url_host: Annotated[
        list[str] | None, typer.Option(help="Host from which pictures may be fetched; none else.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, help="HTTP processes; above 1 they feed one inference process.")
    ] = 1,
    jobs_root: Annotated[
        list[Path] | None,
        typer.Option(help="Folder below which jobs may read pictures; none else.", metavar="DIR"),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, openvino ...")] = "cpu",
    verbose: Annotated[bool, typer.Option(help="Log one JSON line a request to stderr.")] = False,
) -> None:
    """Serve analyses, comparisons and a gallery over HTTP.

    Listens on this machine only, unless told; wider only when a key exists (mien keys create).
    """
    with plain_errors():
        from mien.apps.server.serve import run
        from mien.apps.server.settings import Settings

        settings = Settings(
            gallery=gallery,
            host=host,
            port=port,
            hosts=tuple(name or ()),
            max_upload_bytes=int(max_upload_mb * 2**20),
            most_waiting=most_waiting,
            url_hosts=tuple(url_host or ()),
            workers=workers,
            jobs_roots=tuple(jobs_root or ()),
            options={"device": device},
        )
        run(settings, state=state, verbose=verbose)


def create(
    name: Annotated[str, typer.Argument(help="Whose key it is.", show_default=False)],
    scopes: Annotated[
        str, typer.Option(help="Comma separated: analyse,search,enrol,erase,admin.")
    ] = "analyse",
    per_minute: Annotated[int, typer.Option(min=1, help="Requests a minute.")] = 600,
    gallery: Place = None,
    state: State = None,
) -> None:
    """Make a key and print it, once."""
    with plain_errors():
        from mien.apps.server.serve import keys_of

        wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
        typer.echo(keys_of(gallery, state).create(name, wanted, per_minute=per_minute))


def list_keys(gallery: Place = None, state: State = None) -> None:
    """List the keys, without their secrets."""
    with plain_errors():
        from mien.apps.server.serve import keys_of

        for key in keys_of(gallery, state).list():
            typer.echo(f"{key.key_id}  {key.name}  {','.join(key.scopes)}  {key.per_minute}/min")


def revoke(
    key_id: Annotated[str, typer.Argument(help="As mien keys list shows it.", show_default=False)],
    gallery: Place = None,
    state: State = None,
) -> None:
    """Make a key useless, at once."""
    with plain_errors():
        from mien.apps.server.serve import keys_of

        keys_of(gallery, state).revoke(key_id)
