"""How an audit makes its intervals."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """``resamples`` of subjects, their ``seed``, the ``level`` of all intervals.

    ``adjust``: also by regression, which needs scikit-learn. ``held``: columns of numbers that are
    held equal beside how the picture was taken.
    """

    resamples: int = 200
    seed: int = 0
    level: float = 0.95
    adjust: bool = True
    held: tuple[str, ...] = ()
