"""How often searches go wrong: CMC of a closed set, FPIR and FNIR of an open one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError, InputError
from mien.metrics.estimate import Estimate, unknown
from mien.metrics.rule_of_30 import measurable, shortfall
from mien.metrics.share import share_estimate
from mien.metrics.verification import threshold_at_fmr
from mien.types.arrays import Array, BoolArray, FloatArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """One row a probe: what a search of the gallery says of it.

    ``rank (P,)`` int64 of the probe's own subject, 1 is best, 0 for one who is not enrolled;
    ``mate_score (P,)`` of the subject, NaN for one who is not enrolled; ``other_score (P,)`` the
    highest of all other subjects, -inf where there is none.
    """

    rank: Array
    mate_score: Array
    other_score: Array

    @property
    def mated(self) -> BoolArray:
        """Which probes (P,) have their subject in the gallery."""
        mated: BoolArray = self.rank > 0
        return mated


@dataclass(frozen=True, slots=True)
class FnirAtFpir:
    """FNIR where FPIR is at most ``target_fpir``; NaN, with ``why``, where it has none."""

    target_fpir: float
    threshold: float
    fpir: Estimate
    fnir: Estimate
    why: str = ""

    @property
    def measurable(self) -> bool:
        """Whether 30 false positives were to be expected, and mated searches were there."""
        return not self.why


def search_ranks(
    scores: FloatArray, probe_subject: IntArray, reference_subject: IntArray
) -> Searches:
    """Rank the probe's own subject among all subjects of a gallery.

    ``scores (P,R)`` of probes and references, ``probe_subject (P,)``, ``reference_subject (R,)``.
    Several references of one subject count as its best.

    Rule: a higher score ranks first. Ties: the own subject comes last among equals. Empty: no
    probes give no rows; a gallery without references is an ArrayError.
    """
    scores = checked("scores", scores, ("P", "R"), dtype=np.float64)
    probe = checked("probe_subject", probe_subject, ("P",), dtype=np.int64)
    reference = checked("reference_subject", reference_subject, ("R",), dtype=np.int64)
    same_length("search_ranks", scores=len(scores), probe_subject=len(probe))
    same_length("search_ranks", columns=scores.shape[1], reference_subject=len(reference))
    if not len(reference):
        raise ArrayError("reference_subject: got no reference, expected at least one")
    order = np.argsort(reference, kind="stable")
    subjects, starts = np.unique(reference[order], return_index=True)
    best = np.maximum.reduceat(scores[:, order], starts, axis=1)
    column = np.minimum(np.searchsorted(subjects, probe), len(subjects) - 1)
    enrolled = subjects[column] == probe
    own = np.where(enrolled, best[np.arange(len(probe)), column], np.nan)
    best[np.flatnonzero(enrolled), column[enrolled]] = -np.inf
    ahead = (best >= own[:, None]).sum(axis=1)
    other = best.max(axis=1)
    return Searches(np.where(enrolled, 1 + ahead, 0), own, other)


def joined(parts: Iterable[Searches]) -> Searches:
    """Put blocks of searches together, so that no whole matrix of scores is ever held."""
    rows = [(part.rank, part.mate_score, part.other_score) for part in parts]
    none = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0))
    return Searches(*(np.concatenate(column) for column in zip(none, *rows, strict=True)))


def cmc(rank: IntArray, *, up_to: int) -> Array:
    """Return the cumulative match characteristic: the share of probes (P,) found by each rank.

    ``(up_to,)`` float64 for ranks 1, 2 ... Closed set: every subject is enrolled.

    Rule: found iff rank <= r. Ties: as in ``search_ranks``. Empty: NaN for no probes. Raises
    ArrayError for a rank of 0 or less.
    """
    rank = checked("rank", rank, ("P",), dtype=np.int64)
    if len(rank) and rank.min() < 1:
        raise ArrayError(
            f"rank: got {rank.min()}, expected 1 or more; a probe whose subject is not enrolled "
            "belongs to an open set: use fpir and fnir"
        )
    if not len(rank):
        return np.full(up_to, np.nan)
    found: Array = np.cumsum(np.bincount(rank, minlength=up_to + 1)[1 : up_to + 1]) / len(rank)
    return found


def fpir(searches: Searches, threshold: float) -> float:
    """Return the share of non-mated searches that bring up anybody.

    Rule: a candidate is returned iff score >= threshold. Ties: at the threshold it is. Empty: NaN.
    """
    highest = searches.other_score[~searches.mated]
    return float((highest >= threshold).mean()) if len(highest) else math.nan


def fnir(searches: Searches, threshold: float, *, within: int | None = None) -> float:
    """Return the share of mated searches that do not bring up the own subject.

    Rule: it is brought up iff score >= threshold and, with ``within``, rank <= ``within``.
    Ties: as in ``search_ranks``. Empty: NaN.
    """
    missed = _missed(searches, threshold, within)
    return float(missed.mean()) if len(missed) else math.nan


def fnir_at_fpir(
    searches: Searches,
    *,
    fpir: float,
    within: int | None = None,
    subject: IntArray | None = None,
) -> FnirAtFpir:
    """Return FNIR at the lowest threshold that keeps FPIR at most ``fpir``.

    Intervals are at that threshold: Clopper-Pearson's over searches, or with the ``subject (P,)``
    of each probe the wider of that and of the one over resampled subjects.

    Rule: returned iff score >= threshold; measurable iff fpir * n_non_mated >= 30. Ties: non-mated
    searches that tie at the limit bring up nobody. Empty: NaN, with the reason.
    """
    if within is not None and within < 1:
        raise InputError(f"within: got {within}, expected a rank of 1 or more")
    mated = searches.mated
    highest = searches.other_score[~mated]
    why = _why(fpir, int(mated.sum()), len(highest))
    if why:
        return FnirAtFpir(
            fpir, math.nan, unknown(len(highest)), unknown(len(mated) - len(highest)), why
        )
    threshold = threshold_at_fmr(highest, fpir)
    if subject is not None:
        subject = checked("subject", subject, (len(mated),), dtype=np.int64)
    inside, outside = (None if subject is None else subject[of] for of in (mated, ~mated))
    return FnirAtFpir(
        fpir,
        threshold,
        share_estimate(highest >= threshold, left=outside),
        share_estimate(_missed(searches, threshold, within), left=inside),
    )


def _why(fpir: float, n_mated: int, n_non_mated: int) -> str:
    """Say why there is no figure, or nothing."""
    if not measurable(fpir, n_non_mated):
        return shortfall(
            fpir, n_non_mated, name="FPIR", trials="searches", errors="false positives"
        )
    return "" if n_mated else f"no mated search: no FNIR at FPIR {fpir:g}"


def _missed(searches: Searches, threshold: float, within: int | None) -> BoolArray:
    mated = searches.mated
    missed: BoolArray = searches.mate_score[mated] < threshold
    return missed if within is None else missed | (searches.rank[mated] > within)
