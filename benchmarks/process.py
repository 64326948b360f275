"""What a fresh process costs: import time, first result from the command line, memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PEERS = Path(__file__).parent / "peers"
_IMPORT = (
    "import time; t, c = time.perf_counter(), time.process_time(); import mien; "
    "print(time.perf_counter() - t, time.process_time() - c)"
)
_IMPORT_ANALYZER = _IMPORT.replace("import mien;", "from mien import Analyzer;")


@dataclass(frozen=True)
class Cost:
    """Seconds of each fresh process, wall and CPU, in order, and the largest peak memory, MB."""

    seconds: list[float]
    cpu_seconds: list[float]
    peak_mb: float


@dataclass(frozen=True)
class Ended:
    """One process that has ended well."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    out: str


@dataclass(frozen=True)
class Growth:
    """Memory over `n` pictures: after `skipped` of them, at the end, and the fitted slope."""

    n: int
    skipped: int
    start_mb: float
    end_mb: float
    kb_a_picture: float


def import_cost(times: int = 9, *, with_analyzer: bool = False) -> Cost:
    """Seconds that `import mien` takes, as a fresh interpreter measures them itself."""
    command = [sys.executable, "-c", _IMPORT_ANALYZER if with_analyzer else _IMPORT]
    runs = [_run(command) for _ in range(times)]
    seconds, cpu_seconds = np.array([run.out.split() for run in runs], float).T.tolist()
    return Cost(seconds, cpu_seconds, max(run.peak_mb for run in runs))


def cold_analyze(photo: Path, times: int = 5) -> Cost:
    """Wall seconds of `mien analyze PHOTO`, from start to end of the process, and its memory."""
    mien = Path(sys.executable).with_name("mien")
    runs = [_run([str(mien), "analyze", str(photo)]) for _ in range(times)]
    return Cost(
        [run.seconds for run in runs],
        [run.cpu_seconds for run in runs],
        max(run.peak_mb for run in runs),
    )


def memory_growth(pictures: Sequence[str], *, threads: int, skip: int = 200) -> Growth:
    """Resident memory of a process that analyses all pictures with every task."""
    job = json.dumps({"pictures": list(pictures), "threads": threads, "options": {}})
    out = _run([sys.executable, str(PEERS / "mien_memory.py")], job).out
    done, resident = np.array(json.loads(out), float).T
    kept = done >= min(skip, done[-1] / 2)
    slope_mb, _ = np.polyfit(done[kept], resident[kept], 1)
    return Growth(
        n=len(pictures),
        skipped=int(done[kept][0]),
        start_mb=float(resident[kept][0]),
        end_mb=float(resident[-1]),
        kb_a_picture=float(slope_mb * 1024),
    )


def _run(command: Sequence[str], stdin: str = "") -> Ended:
    """Run one process to its end. Raises RuntimeError if it fails.

    wait4 gives the memory of exactly this child, which is read before Popen can reap it.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(stdin + "\n")
    process.stdin.close()
    with process.stdout as pipe:
        out = pipe.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]}: exit {process.returncode}")
    return Ended(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out)
