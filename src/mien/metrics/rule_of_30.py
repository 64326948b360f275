"""Which error rates so many trials can carry: at least 30 errors must be expected.

Source: Doddington et al., The NIST speaker recognition evaluation (2000): with 30 errors the true
rate lies within 30 % of the measured one, at 90 % confidence.
"""

from __future__ import annotations

#: Fewer expected errors than this carry no figure (the rule of 30).
FEWEST_ERRORS = 30


def measurable(rate: float, n: int) -> bool:
    """Return whether ``n`` trials carry the error rate: ``rate * n >= 30``."""
    # 0.003 times 10,000 is a hair off 30 in floating point.
    return rate * n * (1 + 1e-12) >= FEWEST_ERRORS


def shortfall(
    rate: float, n: int, *, name: str = "FMR", trials: str = "pairs", errors: str = "false matches"
) -> str:
    """Say why the rate is not measurable: the errors to be expected, and the trials it takes."""
    needed = f"{round(FEWEST_ERRORS / rate):,} {trials}" if rate > 0 else f"no number of {trials}"
    return (
        f"{name} {rate:g} is not measurable with {n:,} {trials} "
        f"({rate * n:.2g} {errors} expected, {FEWEST_ERRORS} needed: {needed})"
    )
