"""How sure a counted share is."""

from __future__ import annotations

import math


def proportion_interval(hits: int, n: int, *, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's score interval of ``hits`` out of ``n`` (1927).

    ``z``: normal quantile, 1.96 for 95 %. Rule: none. Ties: none. Empty: 0 to 1.
    """
    if not n:
        return 0.0, 1.0
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)
