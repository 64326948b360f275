"""The library on the same bytes: pictures a second in batches, milliseconds of one alone."""

from __future__ import annotations

import argparse
import json
import time
from itertools import cycle, islice
from pathlib import Path

from mien import Analyzer


def measure(pictures: list[bytes], seconds: float) -> dict[str, object]:
    """Throughput of analyze_many on all cores, and the time of single calls of analyze."""
    many, one = Analyzer(), Analyzer(threads=1)
    list(many.analyze_many(pictures[:32]))
    one.analyze(pictures[0])
    started, n = time.perf_counter(), 0
    for _ in many.analyze_many(cycle(pictures)):
        n += 1
        if time.perf_counter() - started > seconds:
            break
    a_second = n / (time.perf_counter() - started)
    single_ms = []
    for picture in islice(cycle(pictures), 100):
        began = time.perf_counter()
        one.analyze(picture)
        single_ms.append(1e3 * (time.perf_counter() - began))
    return {"a_second": a_second, "single_ms": sorted(single_ms)[50]}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.jpg"))
    print(json.dumps(measure([path.read_bytes() for path in files], options.seconds)))
