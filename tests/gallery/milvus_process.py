"""Milvus in a process of its own, as a cluster is: it can be killed, and come back."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path


class MilvusProcess(AbstractContextManager["MilvusProcess"]):
    """Milvus Lite's server on a free port, with its data in ``folder``."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.start()

    @property
    def url(self) -> str:
        """A gallery's URL."""
        return f"milvus://127.0.0.1:{self.port}/people"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        command = [sys.executable, "-m", "milvus_lite", "server"]
        where = ["--data-dir", str(self.folder / "data"), "--host", "127.0.0.1"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *where, "--port", str(self.port)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_: object) -> None:
        self.kill()
