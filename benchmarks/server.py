"""The server under load, beside the library and a naive server, on the same pictures and cores.

``python -m benchmarks.server --data ../shared/data`` writes docs/server.md; ``--soak 600`` adds ten
minutes of load while memory is watched. Needs wrk, a compiled load generator (Debian: wrk).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import moment, say, table
from benchmarks.report import setting as machine

LOAD = Path(__file__).parent / "load"
DOCS = Path(__file__).parent.parent / "docs" / "server.md"
CLIENTS = 32
PICTURES = 64
Results = dict[str, Any]


def prepared(data: Path, folder: Path) -> None:
    """Write the pictures, and each as the body of a request."""
    everything = sorted((data / "lfw").rglob("*.jpg"))
    for number, path in enumerate(everything[:: len(everything) // PICTURES][:PICTURES]):
        picture = path.read_bytes()
        (folder / f"{number:03d}.jpg").write_bytes(picture)
        head = (
            b'--mien-load\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n'
            b"Content-Type: image/jpeg\r\n\r\n"
        )
        (folder / f"{number:03d}.body").write_bytes(head + picture + b"\r\n--mien-load--\r\n")


@contextmanager
def running(command: list[str]) -> Iterator[tuple[str, int]]:
    """Run a server; yields its address and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, *command, "--port", str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/v1/ready", timeout=30).close()
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
    """Ask with so many clients at once; adds the generator's own CPU seconds."""
    bodies = sorted(map(str, folder.glob("*.body")))
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds:g}s", "--timeout", "60s", "--latency"]
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


def library(folder: Path, seconds: float) -> Results:
    command = [sys.executable, "-m", "benchmarks.load.library", str(folder)]
    done = subprocess.run(
        [*command, "--seconds", str(seconds)], check=True, capture_output=True, text=True
    )
    answer: Results = json.loads(done.stdout)
    return answer


def one_round(folder: Path, seconds: float) -> Results:
    """Library, server and naive server in turn."""
    result: Results = {"library": library(folder, seconds)}
    with running(["-m", "mien.apps.cli", "serve", "--state", str(folder / "state")]) as (url, _):
        load(url, folder, clients=CLIENTS, seconds=2)
        result["mien"] = load(url, folder, clients=CLIENTS, seconds=seconds)
        result["alone"] = load(url, folder, clients=1, seconds=seconds / 2)
    with running(["-m", "benchmarks.load.naive"]) as (url, _):
        load(url, folder, clients=CLIENTS, seconds=2)
        result["naive"] = load(url, folder, clients=CLIENTS, seconds=seconds)
    return result


def soak(folder: Path, seconds: float) -> Results:
    """Resident megabytes each second under load, after a first tenth that warms up."""
    samples: list[float] = []
    with running(["-m", "mien.apps.cli", "serve", "--state", str(folder / "state")]) as (url, pid):
        load(url, folder, clients=CLIENTS, seconds=max(5, seconds / 10))
        done = threading.Event()

        def watch() -> None:
            while not done.wait(1):
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                samples.append(pages * os.sysconf("SC_PAGE_SIZE") / 1e6)

        watcher = threading.Thread(target=watch)
        watcher.start()
        answer = load(url, folder, clients=CLIENTS, seconds=seconds)
        done.set()
        watcher.join()
    slope, _ = np.polyfit(np.arange(len(samples)) / 60, samples, 1)
    noise = float(np.std(np.diff(samples)))
    return answer | {
        "first_mb": samples[0],
        "last_mb": samples[-1],
        "most_mb": max(samples),
        "mb_a_minute": float(slope),
        "noise_mb": noise,
    }


def written(rounds: list[Results], soaked: Results | None, options: argparse.Namespace) -> str:
    """The page."""
    setting = machine(options, PICTURES)

    def spread(values: list[float]) -> str:
        low, high = min(values), max(values)
        return f"{statistics.median(values):.2f} ({low:.2f} to {high:.2f})"

    def of(side: str, figure: str) -> list[float]:
        return [entry[side][figure] for entry in rounds]

    tail = [r["mien"]["p99_ms"] / (1e3 * CLIENTS / r["mien"]["a_second"]) for r in rounds]
    extra = [r["alone"]["p50_ms"] - r["library"]["single_ms"] for r in rounds]
    shares = [r["mien"]["a_second"] / r["library"]["a_second"] for r in rounds]
    over_naive = [r["mien"]["a_second"] / r["naive"]["a_second"] for r in rounds]
    rows = [
        ["library, pictures/s in batches", spread(of("library", "a_second")), ""],
        [f"mien serve, requests/s, {CLIENTS} clients", spread(of("mien", "a_second")), ""],
        ["naive server, requests/s", spread(of("naive", "a_second")), ""],
        ["mien serve / library", spread(shares), "≥ 0.75"],
        ["mien serve / naive server", spread(over_naive), ""],
        [f"p99 / ({CLIENTS} / throughput)", spread(tail), "≤ 1.5"],
        ["p99 ms", spread(of("mien", "p99_ms")), ""],
        ["naive server, p99 ms", spread(of("naive", "p99_ms")), ""],
        ["library, one picture alone, median ms", spread(of("library", "single_ms")), ""],
        ["mien serve, one client, p50 ms", spread(of("alone", "p50_ms")), ""],
        ["one client's p50 - library's single picture, ms", spread(extra), "≤ 5"],
        ["failed requests", str(sum(r["mien"]["failed"] for r in rounds)), "0"],
        ["CPU seconds of the load generator a round", spread(of("mien", "generator_cpu_s")), ""],
    ]
    text = [
        "# The server under load",
        "",
        f"Written by `python -m benchmarks.server`; do not edit. Measured {moment()}.",
        "",
        f"{setting['cpu']}, {setting['cores']} cores, shared by the server and the load generator "
        "(wrk). Default `/v1/analyze` of LFW pictures, all tasks. Each round starts the library, "
        "mien's server and a naive server (FastAPI, one inference a request, a thread each) in "
        f"turn, {options.seconds:g} s each; medians (least to most) of {options.rounds} rounds, "
        "ratios formed within each round.",
        "",
        table(["", "measured", "bar"], rows),
    ]
    if soaked is not None:
        text += [
            "",
            "## Soak",
            "",
            f"{soaked['seconds']:.0f} s with {CLIENTS} clients after a warm-up: "
            f"{soaked['requests']} requests, {soaked['failed']} failed; resident memory "
            f"{soaked['first_mb']:.0f} MB at first, {soaked['last_mb']:.0f} MB at the end, "
            f"{soaked['most_mb']:.0f} MB at most; slope {soaked['mb_a_minute']:+.2f} MB a minute, "
            f"where it moves by {soaked['noise_mb']:.2f} MB from second to second.",
        ]
    return "\n".join(text) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--soak", type=float, default=0)
    options = parser.parse_args()
    options.threads = os.cpu_count()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed; on Debian: apt install wrk")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared(options.data, folder)
        rounds = []
        for number in range(options.rounds):
            rounds.append(one_round(folder, options.seconds))
            say(f"round {number + 1}: {json.dumps(rounds[-1])}")
        soaked = soak(folder, options.soak) if options.soak else None
    DOCS.write_text(written(rounds, soaked, options), encoding="utf-8")
    say(str(DOCS))


if __name__ == "__main__":
    main()
