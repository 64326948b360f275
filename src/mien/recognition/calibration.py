"""Calibration: what a comparison score says about identity, as ratio and as probability."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from mien.errors import InputError, ModelError
from mien.models import ModelSpec
from mien.recognition.quality_factor import QualityFactor
from mien.types.arrays import Array, FloatArray, checked, same_length

#: Shares of mated comparisons at which a calibration keeps the score, see ``log_missed``.
MISSED_SHARES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
Method = Literal["logistic", "isotonic"]
#: Cosines closer to 1 than this are the same picture; the logarithm ends there.
_SAME = 1e-3
#: Half of a 95 % interval in standard deviations.
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Calibration:
    """A map from scores of one model to natural log-likelihood ratios, and what it rests on.

    ``logistic``: ``values`` = (offset, slope) on the evidence -ln(1 - score), half the logarithm of
    the inverse squared distance of the unit vectors, up to a constant. ``isotonic``: ratios
    ``values`` at the scores ``knots``, straight lines between. Ratios end at ``lowest`` and
    ``highest``: no score says more than 30 comparisons of those fitted on could show, and scores
    beyond the fitted ones are read as the outermost of them. ``cllr`` in bits, on what was fitted.
    ``missed``: the scores below which MISSED_SHARES of the fitted mated comparisons lie.
    """

    model_id: str
    method: Method
    values: tuple[float, ...]
    lowest: float
    highest: float
    fitted_on: str
    n_mated: int
    n_non_mated: int
    cllr: float
    knots: tuple[float, ...] = ()
    missed: tuple[float, ...] = ()
    quality: QualityFactor | None = None

    def __post_init__(self) -> None:
        """Check that method, knots and values fit each other."""
        wanted = 2 if self.method == "logistic" else len(self.knots)
        if self.method not in ("logistic", "isotonic") or len(self.values) != wanted or not wanted:
            raise InputError(
                f"Calibration: got method {self.method!r} with {len(self.values)} values and "
                f"{len(self.knots)} knots, expected logistic with 2 values, or isotonic with one "
                "value a knot"
            )

    def log_ratios(self, scores: FloatArray, quality: FloatArray | None = None) -> Array:
        """Return the log-likelihood ratio (N,) of scores (N,), positive for one person.

        ``quality (N,)``: unified quality 0..100 of the worse picture of each pair; the lower it
        is, the nearer to 0 the ratio. Without it the ratio is that of the pictures fitted on.
        """
        scores = checked("scores", scores, ("N",), dtype=np.float64)
        if self.method == "logistic":
            ratios = self.values[0] + self.values[1] * evidence(scores)
        else:
            ratios = np.interp(scores, self.knots, self.values)
        ratios = np.clip(ratios, self.lowest, self.highest)
        if quality is None or self.quality is None:
            return ratios
        quality = checked("quality", quality, ("N",), dtype=np.float64)
        same_length("Calibration", scores=len(scores), quality=len(quality))
        return self.quality.factor(quality) * ratios

    def probability(
        self, scores: FloatArray, quality: FloatArray | None = None, *, prior: float = 0.5
    ) -> Array:
        """Return the probability (N,) that a pair is mated, where a share ``prior`` of pairs is."""
        return posterior(self.log_ratios(scores, quality), prior)

    def interval(
        self, scores: FloatArray, quality: FloatArray, *, prior: float = 0.5
    ) -> tuple[Array, Array] | None:
        """Return low and high (N,) of the probability, 95 %; ``None`` without a quality factor.

        Over other people and other kinds of pictures like those the quality factor was fitted on.
        """
        if self.quality is None:
            return None
        ratios = self.log_ratios(scores)
        middle = self.log_ratios(scores, quality)
        spread = _Z * self.quality.spread(np.asarray(quality, np.float64), ratios)
        return posterior(middle - spread, prior), posterior(middle + spread, prior)

    def log_missed(self, score: float, quality: float | None = None) -> float:
        """Return the log-likelihood ratio of all that is known being a score below ``score``.

        So it is for the subjects that a search did not return: the share of mated comparisons
        below it, while nearly all non-mated ones are. At most 0; 0 where the share is not known.
        ``quality`` 0..100 of the worse picture, as for ``log_ratios``.
        """
        if not self.missed:
            return 0.0
        ratio = float(np.interp(score, self.missed, np.log(MISSED_SHARES)))
        if quality is None or self.quality is None:
            return ratio
        return float(self.quality.factor(np.array([quality]))[0]) * ratio

    @property
    def calibrated_on(self) -> str:
        """What the numbers rest on, in words."""
        pairs = f"{self.n_mated:,} mated and {self.n_non_mated:,} non-mated comparisons"
        quality = "" if self.quality is None else f"; quality: {self.quality.fitted_on}"
        return f"{self.fitted_on}: {pairs}, Cllr {self.cllr:.3f}{quality}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as they stand in the model's spec."""
        table = {key: _plain(value) for key, value in asdict(self).items() if value is not None}
        return {key: value for key, value in table.items() if value != []}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Calibration:
        """Read what ``to_dict`` wrote; raises InputError for other tables."""
        try:
            fields: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in table.items()
            }
            if "quality" in fields:
                fields["quality"] = QualityFactor.from_dict(fields["quality"])
            return cls(**fields)
        except TypeError as error:
            known = ", ".join(cls.__dataclass_fields__)
            raise InputError(f"Calibration: {error}; a table has the fields {known}") from error


def evidence(scores: FloatArray) -> Array:
    """Return -ln(1 - score) (N,) float64 of cosines; -ln 2 at -1, at most -ln 0.001."""
    values: Array = -np.log(np.maximum(1 - np.asarray(scores, np.float64), _SAME))
    return values


def posterior(log_ratios: FloatArray, prior: float) -> Array:
    """Return the probability (N,) from ratios (N,) and the share of mated comparisons.

    Raises InputError unless 0 < prior < 1.
    """
    if not 0 < prior < 1:
        raise InputError(
            f"prior: got {prior}, expected the share of comparisons that show one person, "
            "more than 0 and less than 1"
        )
    odds = np.asarray(log_ratios, np.float64) + math.log(prior) - math.log1p(-prior)
    probability: Array = np.exp(-np.logaddexp(0, -odds))
    return probability


def stored_calibration(spec: ModelSpec, model_id: str) -> Calibration | None:
    """Return the calibration that a spec holds for exactly this model id, or ``None``.

    Raises ModelError for a table that is not readable.
    """
    table = spec.calibration.get(model_id)
    if table is None:
        return None
    try:
        return Calibration.from_dict({"model_id": model_id, **table})
    except InputError as error:
        raise ModelError(f"{spec.name}: [calibration.{model_id!r}]: {error}") from error


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value
