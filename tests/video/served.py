"""A server of the tests as a process of its own, which prints its port when it can be asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def served(module: str, *arguments: object) -> Iterator[int]:
    """Run ``python -m module`` until the block ends; yield the port on 127.0.0.1."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
