"""Error versus discard: how fast false non-matches go when the worst pictures are left out."""

from __future__ import annotations

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import Array, FloatArray, checked, same_length


def error_versus_discard(
    score: FloatArray, quality: FloatArray, *, threshold: float, discard: FloatArray
) -> Array:
    """Return FNMR (R,) float64 after discarding the shares ``discard (R,)`` in [0, 1).

    ``score (P,)`` of mated comparisons, a false non-match iff score < ``threshold``, which stays
    fixed; ``quality (P,)`` of each comparison (the lower of its two samples, see
    ``pair_quality``), the lowest discarded first. Comparisons of equal quality are discarded in
    random order: the result is the expectation over it, so a constant quality gives a flat
    curve. Rule: a false non-match iff score < ``threshold``. Ties: the expectation over the order
    of equal qualities. Empty: NaN. Raises ArrayError for other shares. Source: ISO/IEC 29794-1,
    error versus discard characteristic.
    """
    score = checked("score", score, ("P",), dtype=np.float64)
    quality = checked("quality", quality, ("P",), dtype=np.float64)
    same_length("error_versus_discard", score=len(score), quality=len(quality))
    shares = checked("discard", discard, ("R",), dtype=np.float64)
    if len(shares) and not 0 <= shares.min() <= shares.max() < 1:
        raise ArrayError(
            f"discard: got {shares.min()} to {shares.max()}, expected shares in [0, 1)"
        )
    if not len(score):
        return np.full(len(shares), np.nan)
    _, group, pairs = np.unique(quality, return_inverse=True, return_counts=True)
    wrong = np.bincount(group, weights=score < threshold)
    # Within a group of equal quality errors leave in proportion: linear between its ends.
    ends = np.concatenate([[0], np.cumsum(pairs)])
    gone = np.interp(shares * len(score), ends, np.concatenate([[0], np.cumsum(wrong)]))
    kept: Array = np.maximum(wrong.sum() - gone, 0) / ((1 - shares) * len(score))
    return kept


def discard_area(
    score: FloatArray, quality: FloatArray, *, threshold: float, up_to: float = 0.3
) -> float:
    """Return the mean FNMR over discarded shares 0 to ``up_to``: lower is better.

    The area under the curve of ``error_versus_discard`` divided by ``up_to``, by the trapezoid
    rule on 301 points: the partial area of papers, per unit of share (``up_to=0.99`` for nearly
    all of it). Rule: as ``error_versus_discard``. Ties: as there. Empty: NaN.
    """
    shares = np.linspace(0, up_to, 301)
    curve = error_versus_discard(score, quality, threshold=threshold, discard=shares)
    return float(((curve[1:] + curve[:-1]) / 2).mean())


def pair_quality(quality: FloatArray, left: Array, right: Array) -> Array:
    """Return the quality (P,) of comparisons of samples ``left`` and ``right``, indices (P,).

    A comparison is as good as the worse of its two samples.
    """
    quality = np.asarray(quality, np.float64)
    worse: Array = np.minimum(quality[left], quality[right])
    return worse
