"""Who is told of events: standard output, a file of JSON lines, a web address."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any, Protocol

from mien.errors import InputError, MissingExtraError
from mien.video.watching.journal import Event, WatchJournal

logger = logging.getLogger(__name__)
_TIMEOUT_S = 10.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0


class Receiver(Protocol):
    """Takes events in order; raises OSError when it did not get one for sure."""

    name: str

    def take(self, event: Event) -> None:
        """Take one event; it is safe when this returns."""
        ...


class Lines:
    """Writes each event as one line with what is given, as a terminal or a pipe."""

    name = "stdout"

    def __init__(self, write: Callable[[str], None]) -> None:
        """Store the argument, which writes and flushes a text."""
        self._write = write

    def take(self, event: Event) -> None:
        """Write the line."""
        self._write(_line(event))


class File:
    """Appends lines to a file, found by its name each time: others may rotate it."""

    def __init__(self, path: Path) -> None:
        """Store the argument."""
        self.path = path
        self.name = f"file:{path.absolute()}"

    def take(self, event: Event) -> None:
        """Append the line; it is on the disk when this returns."""
        line = _line(event).encode()
        with self.path.open("a+b") as file:
            file.seek(0, os.SEEK_END)
            last = self._last_line(file)
            if last.rstrip(b"\n") == line.rstrip(b"\n"):
                # A kill came after the line and before the journal knew of it.
                return
            if last and not last.endswith(b"\n"):
                file.truncate(file.seek(0, os.SEEK_END) - len(last))
            file.write(line)
            file.flush()
            os.fsync(file.fileno())

    @staticmethod
    def _last_line(file: Any) -> bytes:
        end, size, tail = file.tell(), 4096, b""
        while len(tail) < end and tail.rstrip(b"\n").rfind(b"\n") < 0:
            size = min(end, 2 * size)
            file.seek(end - size)
            tail = file.read(size)
        return bytes(tail[tail.rstrip(b"\n").rfind(b"\n") + 1 :])


class Webhook:
    """Posts each event as JSON to an address; any answer but 2xx means that it was not taken.

    With a secret the header ``Mien-Signature`` is sha256=HMAC-SHA256(secret, body) in hex.
    """

    def __init__(self, url: str, *, secret: str | None = None) -> None:
        """Store the arguments."""
        if not url.startswith(("http://", "https://")):
            raise InputError(f"webhook: got {url!r}, expected http://… or https://…")
        self.name = f"webhook:{hashlib.sha256(url.encode()).hexdigest()[:16]}"
        self._url = url
        self._secret = secret

    def take(self, event: Event) -> None:
        """Post it. Raises OSError for any failure, MissingExtraError without httpx."""
        try:
            import httpx
        except ImportError as error:
            raise MissingExtraError("webhooks need httpx: pip install mien[client]") from error
        body = json.dumps(event.body).encode()
        try:
            answer = httpx.post(
                self._url, content=body, headers=self._headers(event, body), timeout=_TIMEOUT_S
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OSError(f"webhook: {type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise OSError(f"webhook: answered {answer.status_code}")

    def _headers(self, event: Event, body: bytes) -> Mapping[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Mien-Event-Id": str(event.body["event_id"]),
        }
        if self._secret is not None:
            digest = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
            headers["Mien-Signature"] = f"sha256={digest}"
        return headers


class Telling:
    """A thread that tells one receiver what the journal holds, with pauses when it fails."""

    def __init__(self, journal: WatchJournal, receiver: Receiver) -> None:
        """Store the arguments."""
        self._journal = journal
        self._receiver = receiver
        self._news, self._ending = Flag(), Flag()
        self._thread = Thread(target=self._run, name=receiver.name, daemon=True)
        #: An error that trying again does not help against.
        self.failure: Exception | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def notice(self) -> None:
        """Say that there are new events."""
        self._news.set()

    def end(self, *, wait_s: float) -> None:
        """Tell what is there, as far as the receiver takes it in time, and stop."""
        self._ending.set()
        self._news.set()
        self._thread.join(wait_s)

    def _run(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while self.failure is None:
            self._news.clear()
            try:
                told = self._tell()
            except BrokenPipeError as error:
                self.failure = error
                return
            except OSError as error:
                logger.warning("%s; again in %.1f s", error, pause_s)
                if self._ending.wait(pause_s):
                    return
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                continue
            except Exception as error:
                self.failure = error
                return
            pause_s = _FIRST_PAUSE_S
            if not told:
                if self._ending.is_set():
                    return
                self._news.wait()

    def _tell(self) -> bool:
        events = self._journal.untold(self._receiver.name)
        for event in events:
            self._receiver.take(event)
            self._journal.tell(self._receiver.name, event.seq)
        return bool(events)


def _line(event: Event) -> str:
    return json.dumps(event.body) + "\n"
