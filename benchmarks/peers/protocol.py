"""The worker's half of the benchmark: load, warm up, then answer commands on standard input.

Standard library and numpy only: it runs inside the environment of each peer. One JSON object a
line. The first line received is the job: `{"pictures": [path], "threads": int, "options": {}}`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TextIO

import numpy as np

Job = dict[str, Any]
WARM_UP = 8


class Side(Protocol):
    """One program under test, loaded and ready."""

    about: dict[str, str]

    def run(self, pictures: Sequence[str]) -> int:
        """Analyse the pictures from their files; the number of faces found."""

    def templates(self, pictures: Sequence[str]) -> Iterator[np.ndarray | None]:
        """One template a picture, of the face nearest to its centre; None if there is no face."""


def most_central(boxes_xyxy: np.ndarray, size_wh: tuple[int, int]) -> int:
    """Row of the box whose centre is nearest to the centre of the picture."""
    centres = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    return int(np.linalg.norm(centres - np.asarray(size_wh) / 2, axis=1).argmin())


def serve(load: Callable[[Job], Side]) -> None:
    """Run the command loop until `quit` or the end of the input."""
    answers = _claim_stdout()
    job = json.loads(sys.stdin.readline())
    started = time.perf_counter()
    side = load(job)
    side.run(job["pictures"][:1])
    first_result_s = time.perf_counter() - started
    side.run(job["pictures"][:WARM_UP])
    _say(answers, about=side.about, first_result_s=first_result_s)
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "quit":
            break
        _say(answers, **_obey(side, job, command))
    _say(answers, peak_mb=peak_mb())


def _obey(side: Side, job: Job, command: dict[str, Any]) -> dict[str, Any]:
    pictures = job["pictures"]
    if command["do"] == "templates":
        vectors = list(side.templates(pictures))
        _save_templates(command["out"], pictures, vectors)
        return {"n": len(vectors), "undetected": sum(v is None for v in vectors)}
    started, cpu_started = time.perf_counter(), time.process_time()
    faces = side.run(pictures)
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu_started,
        "faces": faces,
    }


def _save_templates(
    out: str, pictures: Sequence[str], vectors: Sequence[np.ndarray | None]
) -> None:
    """Write `pictures (N,)`, `found (N,) bool`, `vectors (N,D) float32`, zero where not found."""
    found = np.array([v is not None for v in vectors])
    dim = next((v.size for v in vectors if v is not None), 1)
    rows = np.zeros((len(vectors), dim), np.float32)
    for row, vector in zip(rows, vectors, strict=True):
        if vector is not None:
            row[:] = vector
    np.savez(out, pictures=np.array(pictures), found=found, vectors=rows)


def peak_mb() -> float:
    """Peak resident memory of this process, MB, as the kernel counts it."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _claim_stdout() -> TextIO:
    """Keep standard output for answers; whatever libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _say(answers: TextIO, **fields: Any) -> None:
    answers.write(json.dumps(fields) + "\n")
    answers.flush()
