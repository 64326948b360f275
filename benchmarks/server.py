"""The server under load, beside the library and a naive server, on the same pictures and cores.

``python -m benchmarks.server --data ../shared/data`` does everything and writes docs/server.md:
throughput and latency, one client, the naive server, workers, and ten minutes of load while memory
is watched (about 25 minutes in all). ``--only soak`` measures one part, and keeps
the others' figures.
Needs wrk, a compiled load generator (Debian: wrk).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.load.running import (
    SERVE,
    Results,
    cpu_s,
    load,
    processes,
    resident_mb,
    running,
    watched,
)
from benchmarks.load.slope import slope_of
from benchmarks.report import moment, say, table
from benchmarks.report import setting as machine

DOCS = Path(__file__).parent.parent / "docs" / "server.md"
CLIENTS = 32
PICTURES = 64
WORKERS = (1, 2)
#: Until the largest batches have been seen, memory still grows.
WARM_S = 60
PARTS = ("load", "workers", "soak")


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
    with running([*SERVE, "--state", str(folder / "state")]) as (url, _):
        load(url, folder, clients=CLIENTS, seconds=2)
        result["mien"] = load(url, folder, clients=CLIENTS, seconds=seconds)
        result["alone"] = load(url, folder, clients=1, seconds=seconds / 2)
    with running(["-m", "benchmarks.load.naive"]) as (url, _):
        load(url, folder, clients=CLIENTS, seconds=2)
        result["naive"] = load(url, folder, clients=CLIENTS, seconds=seconds)
    return result


def workers_round(folder: Path, seconds: float) -> Results:
    """One process, and fronts beside an inference process, in turn on the same requests."""
    result: Results = {}
    for workers in WORKERS:
        command = [*SERVE, "--state", str(folder / "state"), "--workers", str(workers)]
        with running(command) as (url, pid):
            load(url, folder, clients=CLIENTS, seconds=2)
            pids = processes(pid)
            before = cpu_s(pids)
            answer = load(url, folder, clients=CLIENTS, seconds=seconds)
            answer["cpu_ms"] = 1e3 * (cpu_s(pids) - before) / max(1, answer["requests"])
            answer["mb"] = resident_mb(pids)
            result[str(workers)] = answer
    return result


def soak(folder: Path, seconds: float, *, workers: int) -> Results:
    """Resident megabytes each second under load, after a warm-up."""
    command = [*SERVE, "--state", str(folder / "state"), "--workers", str(workers)]
    with running(command) as (url, pid):
        load(url, folder, clients=CLIENTS, seconds=max(WARM_S, seconds / 5))
        with watched(pid) as samples:
            answer = load(url, folder, clients=CLIENTS, seconds=seconds)
    slope = slope_of(samples)
    return answer | {
        "workers": workers,
        "first_mb": samples[0],
        "last_mb": samples[-1],
        "most_mb": max(samples),
        "slope": [slope.mb_a_minute, slope.low, slope.high],
        "flat": slope.flat,
        "samples": [round(sample, 2) for sample in samples],
    }


def written(parts: Results, setting: Results) -> str:
    """The page, of the parts that were ever measured."""
    text = [
        "# The server under load",
        "",
        "Written by `python -m benchmarks.server`; do not edit. The numbers behind it are in the "
        "JSON file beside it.",
        "",
        f"{setting['cpu']}, {setting['cores']} cores, shared by the server and the load generator "
        f"(wrk, {CLIENTS} clients). Default `/v1/analyze` of LFW pictures, all tasks. Medians "
        "(least to most) of the rounds, ratios formed within each round.",
    ]
    for name, show in (("load", _load), ("workers", _workers), ("soak", _soak)):
        if name in parts:
            text += ["", *show(parts[name]), "", f"Measured {parts[name]['when']}."]
    return "\n".join(text) + "\n"


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _load(part: Results) -> list[str]:
    rounds, seconds = part["rounds"], part["seconds"]

    def of(side: str, figure: str) -> list[float]:
        return [entry[side][figure] for entry in rounds]

    tail = [r["mien"]["p99_ms"] / (1e3 * CLIENTS / r["mien"]["a_second"]) for r in rounds]
    extra = [r["alone"]["p50_ms"] - r["library"]["single_ms"] for r in rounds]
    shares = [r["mien"]["a_second"] / r["library"]["a_second"] for r in rounds]
    over_naive = [r["mien"]["a_second"] / r["naive"]["a_second"] for r in rounds]
    rows = [
        ["library, pictures/s in batches", _spread(of("library", "a_second")), ""],
        ["mien serve, requests/s", _spread(of("mien", "a_second")), ""],
        ["naive server, requests/s", _spread(of("naive", "a_second")), ""],
        ["mien serve / library", _spread(shares), "≥ 0.75"],
        ["mien serve / naive server", _spread(over_naive), ""],
        [f"p99 / ({CLIENTS} / throughput)", _spread(tail), "≤ 1.5"],
        ["p99 ms", _spread(of("mien", "p99_ms")), ""],
        ["naive server, p99 ms", _spread(of("naive", "p99_ms")), ""],
        ["library, one picture alone, median ms", _spread(of("library", "single_ms")), ""],
        ["mien serve, one client, p50 ms", _spread(of("alone", "p50_ms")), ""],
        ["one client's p50 - library's single picture, ms", _spread(extra), "≤ 5"],
        ["failed requests", str(sum(r["mien"]["failed"] for r in rounds)), "0"],
        ["CPU seconds of the load generator a round", _spread(of("mien", "generator_cpu_s")), ""],
    ]
    return [
        "## Throughput and latency",
        "",
        "Each round starts the library, mien's server and a naive server (FastAPI, one inference a "
        f"request, a thread each) in turn, {seconds:g} s each; {len(rounds)} rounds.",
        "",
        table(["", "measured", "bar"], rows),
    ]


def _workers(part: Results) -> list[str]:
    names = [str(workers) for workers in WORKERS]
    shown = {"a_second": "requests/s", "p99_ms": "p99 ms", "cpu_ms": "CPU ms a request"}
    shown |= {"mb": "resident MB, all processes", "failed": "failed requests"}
    rows = [
        [words, *(_spread([entry[name][figure] for entry in part["rounds"]]) for name in names)]
        for figure, words in shown.items()
    ]
    return [
        "## Workers",
        "",
        "One process (`--workers 1`), and two HTTP processes that decode pictures, write answers "
        f"and feed one inference process, in turn, {part['seconds']:g} s each; "
        f"{len(part['rounds'])} rounds.",
        "",
        table(["", *(f"`--workers {name}`" for name in names)], rows),
    ]


def _soak(part: Results) -> list[str]:
    rows = []
    for run in part["runs"]:
        slope, low, high = run["slope"]
        rows.append(
            [
                str(run["workers"]),
                f"{run['seconds']:.0f}",
                str(run["requests"]),
                str(run["failed"]),
                *(f"{run[name]:.0f}" for name in ("first_mb", "last_mb", "most_mb")),
                f"{slope:+.2f} ({low:+.2f} to {high:+.2f})",
                "yes" if run["flat"] else "no",
            ]
        )
    header = ["workers", "s", "requests", "failed", "MB at first", "at the end", "at most"]
    return [
        "## Soak",
        "",
        "Resident memory of all processes, each second under load after a warm-up. Flat: the "
        "slope's 95 % interval (blocks of 30 s drawn anew) holds 0, or the slope is below 0.1 MB "
        "a minute.",
        "",
        table([*header, "MB a minute", "flat"], rows),
    ]


def measured(part: str, folder: Path, options: argparse.Namespace) -> Results:
    """Measure one part of the page."""
    if part == "soak":
        runs = [soak(folder, options.soak, workers=workers) for workers in options.soak_workers]
        return {"runs": runs, "when": moment()}
    one = one_round if part == "load" else workers_round
    rounds = []
    for number in range(options.rounds):
        rounds.append(one(folder, options.seconds))
        say(f"{part}, round {number + 1}: {json.dumps(rounds[-1])}")
    return {"rounds": rounds, "seconds": options.seconds, "when": moment()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--soak", type=float, default=600, help="seconds")
    parser.add_argument("--soak-workers", type=int, nargs="+", default=[1], metavar="N")
    parser.add_argument("--only", choices=PARTS, nargs="+", default=PARTS)
    parser.add_argument("--out", type=Path, default=DOCS)
    options = parser.parse_args()
    options.threads = os.cpu_count()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed; on Debian: apt install wrk")
    beside = options.out.with_suffix(".json")
    parts: Results = json.loads(beside.read_text()) if beside.is_file() else {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared(options.data, folder)
        for part in options.only:
            parts[part] = measured(part, folder, options)
    beside.write_text(json.dumps(parts) + "\n", encoding="utf-8")
    options.out.write_text(written(parts, machine(options, PICTURES)), encoding="utf-8")
    say(str(options.out))


if __name__ == "__main__":
    main()
