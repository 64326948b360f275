"""The C library's memory in a server: few arenas, and large blocks given back when free."""

from __future__ import annotations

import ctypes
import logging

logger = logging.getLogger(__name__)
#: glibc's numbers (malloc.h).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
#: glibc gives each of up to eight threads a core an arena of its own, and each keeps the most it
#: ever held: over hours of requests in changing threads that looks like a leak. Networks spend
#: their time in arithmetic, not in malloc: sharing a few costs nothing that can be measured.
_ARENAS = 2
#: A fixed threshold: glibc's own rises to the largest block that was ever freed; after that decoded
#: pictures lie in arenas, between smaller blocks that keep them from being given back.
_LARGE_BYTES = 2**20


def hold_little() -> bool:
    """Set the allocator up, before the process starts threads; tells whether it is glibc's."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        logger.debug("the C library has no mallopt; memory is left as it is")
        return False
    done = (
        mallopt(_ARENA_MAX, _ARENAS),
        mallopt(_MMAP_THRESHOLD, _LARGE_BYTES),
        mallopt(_TRIM_THRESHOLD, 4 * _LARGE_BYTES),
    )
    return all(done)
