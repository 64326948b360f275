"""The processes of a server with workers: started, started again when they die, ended in order."""

from __future__ import annotations

import logging
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mien.apps.server.settings import Settings
from mien.errors import InputError, MienError

logger = logging.getLogger(__name__)
#: Exit status of a child that says on stderr why it cannot start.
CANNOT_START = 3
#: A process that lived this long starts again at once; others wait twice as long each time.
_SOUND_S, _FIRST_PAUSE_S, _LONGEST_PAUSE_S = 10.0, 0.2, 10.0
#: What a drained server may take beyond its drain time before it is killed.
_GRACE_S = 5.0
_BACKLOG = 2048


class CannotStartError(MienError, RuntimeError):
    """A process of the server could not start; it has said why."""


@dataclass(slots=True, eq=False)
class _Child:
    """One place in the fleet: ``number`` tells the fronts apart."""

    role: str
    number: int
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause_s: float = 0.0
    due: float = 0.0


@dataclass(slots=True)
class _Fleet:
    """Runs one inference process and the fronts; ``stop`` is safe to call from a signal."""

    command: list[str]
    arguments: list[str]
    environment: Mapping[str, str]
    descriptors: Mapping[str, int]
    drain_s: float
    children: list[_Child]
    events: queue.SimpleQueue[_Child | None] = field(default_factory=queue.SimpleQueue)

    def stop(self, *_: object) -> None:
        self.events.put(None)

    def run(self) -> None:
        """Keep every child alive until ``stop``. Raises CannotStartError."""
        try:
            while (child := self._next_event()) is not None:
                self._ended(child)
        finally:
            self._end()

    def _next_event(self) -> _Child | None:
        """Return who ended, or ``None`` when it is time to stop; starts those that are due."""
        while True:
            now = time.monotonic()
            due = [child for child in self.children if child.process is None]
            for child in due:
                if child.due <= now:
                    self._start(child)
            pauses = [child.due - now for child in due if child.process is None]
            with suppress(queue.Empty):
                return self.events.get(timeout=min(pauses) if pauses else None)

    def _start(self, child: _Child) -> None:
        descriptor = self.descriptors[child.role]
        # The pipe is the child's life line: it ends when this process does, however it ends.
        child.process = process = subprocess.Popen(
            [*self.command, child.role, str(descriptor), *self.arguments],
            stdin=subprocess.PIPE,
            pass_fds=(descriptor,),
            env=self.environment,
            start_new_session=True,
        )
        child.started = time.monotonic()

        def wait() -> None:
            process.wait()
            self.events.put(child)

        threading.Thread(target=wait, name=f"mien-wait-{process.pid}", daemon=True).start()

    def _ended(self, child: _Child) -> None:
        process, child.process = child.process, None
        assert process is not None
        _close(process)
        lived_s = time.monotonic() - child.started
        if process.returncode == CANNOT_START and not child.pause_s and lived_s < _SOUND_S:
            raise CannotStartError(f"the {child.role} process could not start")
        longer = max(_FIRST_PAUSE_S, min(_LONGEST_PAUSE_S, 2 * child.pause_s))
        child.pause_s = _FIRST_PAUSE_S if lived_s >= _SOUND_S else longer
        child.due = time.monotonic() + (0.0 if lived_s >= _SOUND_S else child.pause_s)
        logger.error(
            "%s process %d ended with status %d after %.1f s; starting it again",
            child.role,
            process.pid,
            process.returncode,
            lived_s,
        )
        _forget_measures(process.pid, self.environment)

    def _end(self) -> None:
        """Ask all to finish; the inference process ends when the last front has."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + self.drain_s + _GRACE_S
        for process in running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.error("process %d does not end; killed", process.pid)
                process.kill()
                process.wait()
            _close(process)


def supervise(settings: Settings, *, state: Path, verbose: bool) -> None:
    """Serve with ``settings.workers`` fronts until SIGTERM or Ctrl-C; what is queued is finished.

    Raises InputError for an address that is taken, CannotStartError.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_own_folder()))
        listening = stack.enter_context(listening_at(settings.host, settings.port))
        inner = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        path = folder / "inference"
        inner.bind(str(path))
        inner.listen(settings.workers + 8)
        fleet = _Fleet(
            command=_command(),
            arguments=[settings.to_json(), str(state), str(path), str(int(verbose))],
            environment=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)},
            descriptors={"front": listening.fileno(), "inference": inner.fileno()},
            drain_s=settings.drain_s,
            children=[
                _Child("inference", 0),
                *(_Child("front", number) for number in range(settings.workers)),
            ],
        )
        stack.enter_context(_signals(fleet))
        fleet.run()


def listening_at(host: str, port: int) -> socket.socket:
    """Return the socket that all fronts accept from: a killed one's queue is served by others."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, number)
    except OSError as error:
        raise InputError(f"--host {host}: {error}") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise InputError(f"--host {host} --port {port}: cannot listen there: {error}") from error
    return listening


def _command() -> list[str]:
    flags = [f"-W{option}" for option in sys.warnoptions]
    return [sys.executable, *flags, "-m", "mien.apps.server.child"]


@contextmanager
def _own_folder() -> Iterator[str]:
    """A folder that only this user may enter: the line to the inference process is in it."""
    folder = tempfile.mkdtemp(prefix="mien-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _signals(fleet: _Fleet) -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before: list[Any] = [signal.signal(number, fleet.stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _forget_measures(pid: int, environment: Mapping[str, str]) -> None:
    """Drop the gauges of a process that has ended; its counts stay, so that no sum falls."""
    for path in Path(environment["PROMETHEUS_MULTIPROC_DIR"]).glob(f"gauge_live*_{pid}.db"):
        path.unlink(missing_ok=True)


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
