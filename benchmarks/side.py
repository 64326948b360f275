"""The driver's half: start each program in a process of its own, run rounds in turn."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class WorkerError(RuntimeError):
    """A worker ended before it answered."""


@dataclass(frozen=True)
class Side:
    """One program under test: how it is called in tables, started, and told what to do.

    `home`: the folder of a peer's environment, made again when its pinned version changes.
    """

    title: str
    command: list[str]
    options: dict[str, Any] = field(default_factory=dict)
    unavailable: str | None = None
    home: Path | None = None


@dataclass
class Timings:
    """What one side answered: seconds (wall, CPU) of each round, or why there is nothing."""

    title: str
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    faces: int = 0
    decode_seconds: list[float] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)
    first_result_s: float | None = None
    peak_mb: float | None = None
    missing: str | None = None


class Worker:
    """A started side; its process inherits the cores that the driver is then pinned to."""

    def __init__(self, side: Side, pictures: Sequence[str], *, threads: int, log: Path) -> None:
        self.title = side.title
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
        with pinned(threads), log.open("w") as errors:
            self.process = subprocess.Popen(
                side.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment | {"UV_THREADPOOL_SIZE": str(threads)},
                text=True,
            )
        job = {"pictures": list(pictures), "threads": threads, "options": side.options}
        self.ready = self.ask(job)

    def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send one line, wait for one line. Raises WorkerError if the worker has died."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(f"{self.title}: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate()
        words = self.log.read_text(errors="replace").strip().splitlines() or ["no message"]
        return next((w for w in reversed(words) if "Error" in w), words[-1]).strip()[:200]

    def quit(self) -> float:
        """End it; its peak memory in MB."""
        peak = self.ask({"do": "quit"})["peak_mb"]
        self.process.communicate()
        return float(peak)


@contextlib.contextmanager
def pinned(threads: int) -> Iterator[None]:
    """Hold this process, and what it starts meanwhile, on the last `threads` of its cores."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-threads:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def interleave(
    sides: Sequence[Side], pictures: Sequence[str], *, threads: int, rounds: int, logs: Path
) -> list[Timings]:
    """Start every side, then run the rounds A B C A B C …; a side that fails says why."""
    results = [Timings(side.title, missing=side.unavailable) for side in sides]
    workers: list[Worker | None] = []
    for side, result in zip(sides, results, strict=True):
        workers.append(_started(side, result, pictures, threads, logs))
    for _ in range(rounds):
        for number, result in enumerate(results):
            workers[number] = _one_round(workers[number], result)
    for worker, result in zip(workers, results, strict=True):
        if worker is not None:
            result.peak_mb = worker.quit()
    return results


def _started(
    side: Side, result: Timings, pictures: Sequence[str], threads: int, logs: Path
) -> Worker | None:
    if side.unavailable is not None:
        return None
    log = logs / f"{side.title.replace(' ', '-').replace('/', '-')}.log"
    try:
        worker = Worker(side, pictures, threads=threads, log=log)
    except WorkerError as error:
        result.missing = str(error)
        return None
    result.about = worker.ready["about"]
    result.first_result_s = worker.ready["first_result_s"]
    return worker


def _one_round(worker: Worker | None, result: Timings) -> Worker | None:
    if worker is None:
        return None
    try:
        answer = worker.ask({"do": "run"})
    except WorkerError as error:
        result.missing = str(error)
        return None
    result.seconds.append(answer["seconds"])
    result.cpu_seconds.append(answer["cpu_seconds"])
    result.faces = answer["faces"]
    if "decode_seconds" in answer:
        result.decode_seconds.append(answer["decode_seconds"])
    return worker
