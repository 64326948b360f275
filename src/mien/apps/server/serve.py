"""Starting the server: where its keys are, what it may bind to, and its end on SIGTERM."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from types import FrameType

from mien.apps.server.settings import Settings
from mien.errors import AccessError, InputError, MissingExtraError
from mien.gallery import Gallery
from mien.gallery.database import FILE_NAME

try:
    import fastapi as fastapi
    import prometheus_client as prometheus_client
    import python_multipart as python_multipart
    import uvicorn
except ImportError as error:
    raise MissingExtraError(f"mien serve needs {error.name}: pip install 'mien[serve]'") from error

from mien.apps.server.app import create_app
from mien.apps.server.keys import Keys


def run(settings: Settings, *, state: Path | None = None, verbose: bool = False) -> None:
    """Serve until SIGTERM or Ctrl-C, then finish what is queued.

    Raises AccessError where others could ask and no key is needed.
    """
    folder = state_folder(settings.gallery, state)
    _require_key(settings, folder)
    log = logging.getLogger("mien.requests")
    log.setLevel(logging.INFO if verbose else logging.WARNING)
    if verbose:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        log.addHandler(handler)
    app = create_app(settings, state=folder)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.drain_s),
    )
    _Server(config, app.state.ending).run()


class _Server(uvicorn.Server):
    """Tells streams of events to end, for which uvicorn would wait in vain."""

    def __init__(self, config: uvicorn.Config, ending: threading.Event) -> None:
        super().__init__(config)
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take note of the signal."""
        self._ending.set()
        super().handle_exit(sig, frame)


def _require_key(settings: Settings, folder: Path) -> None:
    keys = Keys(folder)
    try:
        open_to_all = not keys.list()
    finally:
        keys.close()
    if open_to_all and not settings.loopback:
        raise AccessError(
            f"--host {settings.host}: others could ask, and no key is needed; make one first "
            "(mien keys create NAME), or stay on 127.0.0.1"
        )


def state_folder(gallery: str | None, state: Path | None) -> Path:
    """Return where the server keeps its keys: beside the gallery, unless told.

    Raises InputError for a gallery that is no folder, where a state folder must be named.
    """
    if state is not None:
        return state
    if gallery is None:
        return Path.home() / ".local" / "state" / "mien"
    if "://" in gallery:
        raise InputError(f"--gallery {gallery}: is no folder; name one for the keys with --state")
    folder = Path(gallery.removeprefix("file:"))
    if not (folder / FILE_NAME).is_file():
        # A new gallery takes only an empty folder.
        Gallery.open(gallery).close()
    return folder


def keys_of(gallery: str | None, state: Path | None) -> Keys:
    """Return the keys that a server with these arguments uses."""
    return Keys(state_folder(gallery, state))
