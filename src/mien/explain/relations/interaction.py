"""Which regions act together: how two of them change a score beyond what each does alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.explain.case import Case
from mien.explain.masking import Masks
from mien.types.arrays import Array, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Interactions:
    """``alone (P,)`` and ``together (P,P)`` in units of the score, of the regions ``present (P,)``.

    ``together``: symmetric, 0 on the diagonal; > 0: the two speak for the score more together than
    the sum of both; < 0: one can stand in for the other. ``alone_error``, ``together_error``: their
    standard errors. ``fit``: R² of this description over the sampled crops.
    """

    present: IntArray
    alone: FloatArray
    together: FloatArray
    alone_error: FloatArray
    together_error: FloatArray
    fit: float
    model_calls: int


def interactions(case: Case, *, budget: int = 512, seed: int = 0) -> Interactions:
    """Return the Banzhaf interactions of all pairs of regions, from random halves of a crop.

    Each region is shown or hidden with even odds; the quadratic that describes the scores with the
    least squared error has these as its coefficients (Hammer & Holzman 1992; Grabisch & Roubens
    1999). Errors are those of the regression, so they also hold what three and more regions do.
    Raises InputError for a budget below twice the number of coefficients.
    """
    masks = Masks(case, budget)
    present = masks.present()
    n = len(present)
    first, second = np.triu_indices(n, 1)
    terms = 1 + n + len(first)
    if budget < 2 * terms:
        raise InputError(f"budget: got {budget} crops, expected {2 * terms} for {n} regions")
    shown = np.random.default_rng(seed).integers(0, 2, (budget, n)).astype(bool)
    kept = np.zeros((budget, len(case.regions)), bool)
    kept[:, present] = shown
    scores = masks.score_regions(kept).astype(np.float64)
    design = _design(shown, first, second)
    coefficients, errors, fit = _least_squares(design, scores)
    together, together_error = (np.zeros((n, n)) for _ in range(2))
    for square, values in ((together, coefficients), (together_error, errors)):
        square[first, second] = square[second, first] = values[1 + n :]
    return Interactions(
        present.astype(np.int64),
        coefficients[1 : 1 + n],
        together,
        errors[1 : 1 + n],
        together_error,
        fit,
        masks.calls,
    )


def _design(shown: Array, first: IntArray, second: IntArray) -> Array:
    """Return the columns (N,T): one, each region, each pair, all with mean 0 but the first.

    Regions are -1/2 and 1/2, so that a coefficient is the change from hidden to shown.
    """
    centred = shown - 0.5
    pairs = centred[:, first] * centred[:, second]
    return np.hstack([np.ones((len(shown), 1)), centred, pairs])


def _least_squares(design: Array, scores: Array) -> tuple[Array, Array, float]:
    coefficients, _, rank, _ = np.linalg.lstsq(design, scores, rcond=None)
    residual = scores - design @ coefficients
    variance = residual @ residual / max(len(scores) - int(rank), 1)
    errors = np.sqrt(np.maximum(np.diag(np.linalg.pinv(design.T @ design)) * variance, 0))
    spread = float(((scores - scores.mean()) ** 2).sum())
    return coefficients, errors, 1 - float(residual @ residual) / spread if spread else 1.0
