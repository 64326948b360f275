"""A server for a while, requests to it from wrk, and the memory of its processes."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LOAD = Path(__file__).parent
SERVE = ("-m", "mien.apps.cli", "serve")
Results = dict[str, Any]


@contextmanager
def running(command: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Run a server; yields its address and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, *command, "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{url}/v1/ready", timeout=60).close()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def load(url: str, folder: Path, *, clients: int, seconds: float) -> Results:
    """Ask with so many clients at once, for whole seconds; adds the generator's own CPU seconds."""
    bodies = sorted(map(str, folder.glob("*.body")))
    command = [
        "wrk",
        "-t1",
        f"-c{clients}",
        f"-d{math.ceil(seconds)}s",
        "--timeout",
        "60s",
        "--latency",
    ]
    process = subprocess.Popen(
        [*command, "-s", str(LOAD / "post.lua"), url, "--", *bodies], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    said = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"wrk failed: {said}")
    answer: Results = json.loads(said[said.rindex("{") :])
    answer["a_second"] = answer["requests"] / answer["seconds"]
    answer["generator_cpu_s"] = usage.ru_utime + usage.ru_stime
    return answer


def processes(pid: int) -> list[int]:
    """A process and its children, which are those of a server with workers."""
    found = [pid]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if int(parent) == pid:
            found.append(int(folder.name))
    return found


def resident_mb(pids: Sequence[int]) -> float:
    """Resident megabytes of all of them."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_s(pids: Sequence[int]) -> float:
    """CPU seconds that they have used."""
    ticks = 0
    for pid in pids:
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(numbers[11]) + int(numbers[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Resident megabytes of a server, each second."""
    samples: list[float] = []
    done = threading.Event()
    pids = processes(pid)

    def watch() -> None:
        while not done.wait(1):
            samples.append(resident_mb(pids))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield samples
    finally:
        done.set()
        watcher.join()
