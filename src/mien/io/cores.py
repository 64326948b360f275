"""How many cores this process may use."""

from __future__ import annotations

import os


def available_cores() -> int:
    """Return how many cores this process may use (it may be bound to some of them)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
