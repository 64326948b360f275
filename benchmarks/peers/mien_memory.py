"""Resident memory of one mien process over many pictures, sampled between results.

Arguments: a JSON job as in protocol.py. Prints a JSON list of [pictures done, MB].
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from peer_mien import analyzer_of, checked

EVERY = 20


def resident_mb() -> float:
    """Resident memory of this process, MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Analyse, sample, print."""
    job = json.loads(sys.stdin.readline())
    samples = []
    for done, analysis in enumerate(analyzer_of(job).analyze_many(job["pictures"]), start=1):
        checked(analysis)
        if done % EVERY == 0:
            samples.append([done, resident_mb()])
    json.dump(samples, sys.stdout)


if __name__ == "__main__":
    main()
