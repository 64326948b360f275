"""The start of a front or inference process, by the supervisor and nobody else."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path

from mien.apps.server.memory import hold_little
from mien.apps.server.settings import Settings
from mien.apps.server.supervisor import CANNOT_START
from mien.apps.terminal import say
from mien.errors import MienError


def main() -> None:
    """Run one role on one inherited socket until SIGTERM, or until the supervisor is gone."""
    role, descriptor, text, state, line, verbose = sys.argv[1:]
    settings = Settings.from_json(text)
    listening = socket.socket(fileno=int(descriptor))
    # Ctrl-C in a terminal is the supervisor's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        if role == "inference":
            _infer(settings, listening)
        else:
            _face(settings, listening, Path(state), line, verbose=verbose == "1")
    except MienError as error:
        say(f"mien: {error}")
        sys.exit(CANNOT_START)


def _infer(settings: Settings, listening: socket.socket) -> None:
    from mien.apps.server.inference import Inference
    from mien.apps.server.observe import Measures

    hold_little()

    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    _end_with_supervisor()
    logging.basicConfig(level=logging.WARNING)
    Inference(settings, listening, Measures()).run(stopping)


def _face(
    settings: Settings, listening: socket.socket, state: Path, line: str, *, verbose: bool
) -> None:
    from mien.apps.server.line import RemoteBatcher
    from mien.apps.server.serve import serve_one

    _end_with_supervisor()
    batcher = RemoteBatcher(line, most_waiting=settings.most_waiting)
    serve_one(settings, state=state, verbose=verbose, listening=listening, batcher=batcher)


def _end_with_supervisor() -> None:
    """Have this process finish its work when the supervisor is gone, even by kill -9."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="mien-life-line", daemon=True).start()


if __name__ == "__main__":
    main()
