"""How well scores tell forged pictures and videos from real ones: AUC, AP, EER."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mien.errors import ArrayError
from mien.metrics.det import det_curve
from mien.metrics.ranking import area_under_curve, average_precision
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray, checked, same_length

Pooling = Literal["mean", "median", "max"]

_POOL: Mapping[str, Callable[[Array], Any]] = {"mean": np.mean, "median": np.median, "max": np.max}


@dataclass(frozen=True, slots=True)
class ForgeryScores:
    """AUC, average precision (forged is positive) and EER, of so many forged and real samples."""

    auc: float
    ap: float
    eer: float
    n_forged: int
    n_real: int


def forgery_scores(score: FloatArray, forged: BoolArray) -> ForgeryScores:
    """Return the figures of samples (N,): frames, or videos after ``pooled``.

    Rule: taken for forged iff score >= threshold. Ties: half in AUC; one step in AP and EER.
    Empty: NaN without forged or without real samples, AP without forged ones.
    """
    auc, ap = area_under_curve(score, forged), average_precision(score, forged)
    forged = np.asarray(forged, bool)
    score = np.asarray(score, np.float64)
    curve = det_curve(score[forged], score[~forged])
    return ForgeryScores(auc, ap, curve.equal_error_rate, curve.n_mated, curve.n_non_mated)


def pooled(
    score: FloatArray, forged: BoolArray, video: IntArray, *, by: Pooling = "mean"
) -> tuple[Array, BoolArray]:
    """Return one score and label (V,) a video, in rising order of its number.

    ``score``, ``forged``, ``video (N,)`` of frames. The mean of the frames' scores is what papers
    report (FaceForensics++); ``max`` finds videos forged in a few frames.

    Rule: a video is forged as its frames are. Ties: none. Empty: no frames give no videos.
    Raises ArrayError for a video of forged and real frames.
    """
    score = checked("score", score, ("N",), dtype=np.float64)
    forged = checked("forged", forged, ("N",), dtype=np.bool_)
    video = checked("video", video, ("N",), dtype=np.int64)
    same_length("pooled", score=len(score), forged=len(forged), video=len(video))
    if by not in _POOL:
        raise ArrayError(f"by: got {by!r}, expected mean, median or max")
    order = np.argsort(video, kind="stable")
    numbers, starts = np.unique(video[order], return_index=True)
    ends = np.append(starts, len(order))[1:]
    frames = [order[a:b] for a, b in zip(starts, ends, strict=True)]
    mixed = [int(n) for n, f in zip(numbers, frames, strict=True) if np.ptp(forged[f] * 1)]
    if mixed:
        raise ArrayError(f"video: got forged and real frames in {mixed[:3]}; split these")
    label = np.array([forged[f[0]] for f in frames], bool)
    return np.array([_POOL[by](score[f]) for f in frames], np.float64), label
