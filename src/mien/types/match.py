"""Decisions on comparison scores, and the measurement that a threshold rests on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome of one comparison.

    ``score``: cosine similarity, higher is more similar. ``decision`` is ``True`` iff
    score >= threshold. ``probability`` that both show one person, ``None`` until calibrated.
    """

    score: float
    threshold: float
    decision: bool
    model_id: str
    probability: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold with the measurement behind it.

    ``target_fmr``: the false match rate it was set for; ``measured_on``: data and split;
    ``n_pairs``: how many non-mated comparisons that was.
    """

    threshold: float
    target_fmr: float
    measured_on: str
    n_pairs: int
    model_id: str

    def decide(self, score: float) -> Match:
        """Match iff score >= threshold."""
        return Match(score, self.threshold, score >= self.threshold, self.model_id)
