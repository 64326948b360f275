"""Starting the server: where its keys are, what it may bind to, and its end on SIGTERM."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from mien.apps.server.memory import hold_little
from mien.apps.server.settings import Settings
from mien.apps.server.supervisor import supervise
from mien.errors import AccessError, InputError, MissingExtraError
from mien.gallery import Gallery
from mien.gallery.database import FILE_NAME

if missing := [
    name
    for name in ("fastapi", "prometheus_client", "python_multipart", "uvicorn")
    if find_spec(name) is None
]:
    raise MissingExtraError(f"mien serve needs {', '.join(missing)}: pip install 'mien[serve]'")

from mien.apps.server.keys import Keys
from mien.apps.server.state import FILE_NAME as STATE_FILE
from mien.apps.server.state import State

if TYPE_CHECKING:
    import socket

    from mien.apps.server.engine import PictureBatcher


def run(settings: Settings, *, state: Path | None = None, verbose: bool = False) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what is queued.

    Raises AccessError where others could ask and no key is needed, InputError for several workers
    on a gallery that only one process may open.
    """
    path = state_path(settings.gallery, state)
    _require_key(settings, path)
    if settings.workers == 1:
        serve_one(settings, state=path, verbose=verbose)
        return
    if settings.gallery is not None:
        _require_shareable(settings.gallery)
        # Made here once: a front never makes a gallery, it may have gone for a while.
        Gallery.open(settings.gallery).close()
    supervise(settings, state=path, verbose=verbose)


def serve_one(
    settings: Settings,
    *,
    state: Path,
    verbose: bool,
    listening: socket.socket | None = None,
    batcher: PictureBatcher | None = None,
) -> None:
    """Serve in this process: all of it, or as a front that accepts from ``listening``.

    A front's pictures are analysed by ``batcher``.
    """
    import uvicorn

    from mien.apps.server.app import create_app
    from mien.apps.server.ending import EndingServer

    hold_little()

    log = logging.getLogger("mien.requests")
    log.setLevel(logging.INFO if verbose else logging.WARNING)
    if verbose:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
    app = create_app(settings, state=state, batcher=batcher)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.drain_s),
    )
    EndingServer(config, app.state.ending).run(sockets=None if listening is None else [listening])


def _require_key(settings: Settings, path: Path) -> None:
    keys = Keys(State(path))
    try:
        open_to_all = not keys.list()
    finally:
        keys.close()
    if open_to_all and not settings.loopback:
        raise AccessError(
            f"--host {settings.host}: others could ask, and no key is needed; make one first "
            "(mien keys create NAME), or stay on 127.0.0.1"
        )


def _require_shareable(gallery: str) -> None:
    if gallery.startswith("milvus:") and not gallery.startswith("milvus://"):
        raise InputError(
            f"--workers: {gallery} is a Milvus Lite file, which one process may open; serve it "
            "with --workers 1, or use a folder or a Milvus server"
        )


def state_path(gallery: str | None, state: Path | None) -> Path:
    """Return the file with the server's keys: the gallery's database, unless told otherwise.

    Raises InputError for a gallery that is no folder, where a state folder must be named.
    """
    if state is not None:
        return state / STATE_FILE
    if gallery is None:
        return Path.home() / ".local" / "state" / "mien" / STATE_FILE
    if "://" in gallery:
        raise InputError(f"--gallery {gallery}: is no folder; name one for the keys with --state")
    folder = Path(gallery.removeprefix("file:"))
    if not (folder / FILE_NAME).is_file():
        Gallery.open(gallery).close()
    return folder / FILE_NAME


def keys_of(gallery: str | None, state: Path | None) -> Keys:
    """Return the keys that a server with these arguments uses."""
    return Keys(State(state_path(gallery, state)))
