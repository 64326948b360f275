"""How far the quality of the worse picture takes a log-likelihood ratio towards 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.types.arrays import Array


@dataclass(frozen=True, slots=True)
class QualityFactor:
    """A factor of 0 to 1 on the ratio, never falling with quality, and how sure it is.

    ``knots``: unified quality, rising within 0..100; ``factors`` at the knots, straight lines
    between, constant beyond. ``offset_spread``, ``factor_spread``: at each knot one standard
    deviation, over people and kinds of pictures, of a ratio of 0 and of the factor.
    """

    knots: tuple[float, ...]
    factors: tuple[float, ...]
    offset_spread: tuple[float, ...]
    factor_spread: tuple[float, ...]
    fitted_on: str

    def __post_init__(self) -> None:
        """Check lengths, and that better quality never weakens the evidence."""
        columns = (self.knots, self.factors, self.offset_spread, self.factor_spread)
        if len({len(column) for column in columns}) != 1 or not self.knots:
            raise InputError("QualityFactor: got columns of different length or none")
        if (np.diff(self.knots) <= 0).any() or (np.diff(self.factors) < 0).any():
            raise InputError("QualityFactor: knots must rise and factors must not fall")
        if min(self.factors) < 0 or max(self.factors) > 1:
            raise InputError("QualityFactor: factors must lie in 0..1")
        if min(self.offset_spread + self.factor_spread) < 0:
            raise InputError("QualityFactor: spreads must be 0 or more")

    def factor(self, quality: Array) -> Array:
        """Return the factor (N,) at qualities (N,)."""
        return np.interp(quality, self.knots, self.factors)

    def spread(self, quality: Array, log_ratios: Array) -> Array:
        """Return one standard deviation (N,) of the ratio at qualities and score ratios (N,)."""
        offset = np.interp(quality, self.knots, self.offset_spread)
        factor = np.interp(quality, self.knots, self.factor_spread)
        return np.hypot(offset, factor * log_ratios)

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> QualityFactor:
        """Read a plain table; raises TypeError for unknown or missing fields."""
        fields: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in table.items()
        }
        return cls(**fields)


def hats(quality: Array, knots: tuple[float, ...]) -> Array:
    """Return the share (N,K) of each knot in values interpolated at qualities (N,)."""
    return np.column_stack([np.interp(quality, knots, row) for row in np.eye(len(knots))])
