"""Decisions on comparison scores, and the measurement that a threshold rests on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome of one comparison.

    ``score``: cosine similarity, higher is more similar. ``decision`` is ``True`` iff
    score >= threshold. ``probability`` that both show one person when a share ``prior`` of such
    comparisons does, ``None`` where no calibration was measured; between ``probability_low`` and
    ``probability_high`` for 95 % of other people and kinds of pictures like those of
    ``calibrated_on``. ``quality``: unified quality 0..100 of the worse picture.
    """

    score: float
    threshold: float
    decision: bool
    model_id: str
    probability: float | None = None
    probability_low: float | None = None
    probability_high: float | None = None
    prior: float | None = None
    quality: float | None = None
    calibrated_on: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A threshold with the measurement behind it.

    ``target_fmr``: the false match rate it was set for; ``measured_on``: data and split;
    ``n_pairs``: how many non-mated comparisons that was; ``fmr_low``, ``fmr_high``: 95 % interval
    of the rate at the threshold over other people like those measured on.
    """

    threshold: float
    target_fmr: float
    measured_on: str
    n_pairs: int
    model_id: str
    fmr_low: float | None = None
    fmr_high: float | None = None

    def decide(self, score: float) -> Match:
        """Match iff score >= threshold."""
        return Match(score, self.threshold, score >= self.threshold, self.model_id)
