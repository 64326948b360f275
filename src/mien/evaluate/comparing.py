"""Figures, curves and worst mistakes of scored comparisons, whichever system scored them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mien.evaluate.result import Curve, Figure, Findings, Mistake, Outcomes
from mien.evaluate.scored import ScoredPairs
from mien.evaluate.store import sha256_of
from mien.metrics.calibration import Reliability, cllr, min_cllr
from mien.metrics.comparisons import TmrAtFmr, verify
from mien.metrics.estimate import Estimate
from mien.metrics.folds import FoldAccuracy, fold_accuracy
from mien.metrics.share import share_estimate
from mien.types.arrays import Array, BoolArray

RATES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6)
#: How many false matches and false non-matches are shown, worst first.
WORST = 12
#: Outcomes of more items are not kept: a paired test needs no more, a file of them is unwieldy.
MOST_OUTCOMES = 200_000
UNDETECTED = "a comparison with an undetected face is a non-match"


def verification_findings(
    scored: ScoredPairs, *, chosen: str, paths: Mapping[str, str] | None = None, seed: int = 0
) -> Findings:
    """Measure accuracy over folds (where there are two), EER, AUC and TMR at every carried FMR.

    ``chosen``: how the pairs were chosen; ``paths``: where each sample's picture stands.
    """
    found = verify(scored.comparisons, fmrs=RATES, seed=seed)
    rule = f"{chosen}; {UNDETECTED}"
    figures = [
        Figure.of("comparisons with both faces found", share_estimate(scored.usable), rule=chosen),
        Figure.of("EER", found.eer, rule=f"for diagnosis; {rule}"),
        Figure.of("AUC", found.auc, rule=rule),
    ]
    folds = None
    if len(np.unique(scored.fold)) > 1:
        folds = fold_accuracy(scored.ranked, scored.mated, scored.fold, usable=scored.usable)
        figures.insert(0, _accuracy(scored, folds, seed))
    figures += [_tmr(point, found.n_mated) for point in found.tmr]
    return Findings(
        tuple(figures),
        (det(scored),),
        worst(scored, {} if paths is None else paths),
        outcomes_of(scored, folds, found.tmr),
    )


def _accuracy(scored: ScoredPairs, folds: FoldAccuracy, seed: int) -> Figure:
    interval = share_estimate(
        right_of(scored, folds), left=scored.left, right=scored.right, seed=seed
    )
    rule = (
        f"mean over {len(folds.folds)} folds, standard error {folds.standard_error:.4f}; match iff "
        "score >= the best threshold of the other folds; a pair with an undetected face is wrong"
    )
    estimate = Estimate(
        folds.mean, interval.low, interval.high, len(scored), interval.level, interval.method
    )
    return Figure.of("accuracy over folds", estimate, rule=rule)


def right_of(scored: ScoredPairs, folds: FoldAccuracy) -> BoolArray:
    """Return which comparisons (P,) are decided rightly at the threshold of their fold."""
    threshold = folds.thresholds[np.searchsorted(folds.folds, scored.fold)]
    right: BoolArray = ((scored.ranked >= threshold) == scored.mated) & scored.usable
    return right


def _tmr(point: TmrAtFmr, n_mated: int) -> Figure:
    name = f"TMR at FMR {point.target_fmr:g}"
    if point.why:
        return Figure(name, None, n_mated, why=point.why)
    rule = f"match iff score >= {point.threshold:.4f}, the lowest threshold with that FMR"
    return Figure.of(name, point.tmr, rule=rule)


def det(scored: ScoredPairs) -> Curve:
    """Return FNMR over FMR, thinned for drawing."""
    curve = scored.comparisons.det.thinned(200)
    x, y = (tuple(float(v) for v in np.nan_to_num(rate)) for rate in (curve.fmr, curve.fnmr))
    return Curve("DET", "det", x, y, "false match rate", "false non-match rate")


def worst(scored: ScoredPairs, paths: Mapping[str, str]) -> tuple[Mistake, ...]:
    """Return the mated comparisons of the lowest, the non-mated of the highest scores."""
    usable = np.flatnonzero(scored.usable)
    order = usable[np.argsort(scored.score[usable], kind="stable")]
    mated = [row for row in order if scored.mated[row]][:WORST]
    others = [row for row in order[::-1][:100_000] if not scored.mated[row]][:WORST]
    said = "one person, scored {:.3f}", "two people, scored {:.3f}"
    kinds = "mated pairs of the lowest scores", "non-mated pairs of the highest scores"
    return tuple(
        _mistake(scored, row, kind, text, paths)
        for rows, kind, text in zip((mated, others), kinds, said, strict=True)
        for row in rows
    )


def _mistake(
    scored: ScoredPairs, row: int, kind: str, text: str, paths: Mapping[str, str]
) -> Mistake:
    names = str(scored.first[row]), str(scored.second[row])
    score = float(scored.score[row])
    there = tuple(paths[name] for name in names if name in paths)
    return Mistake(kind, text.format(score), score, names, there)


def outcomes_of(
    scored: ScoredPairs, folds: FoldAccuracy | None, points: tuple[TmrAtFmr, ...]
) -> Outcomes | None:
    """Return each comparison's error over folds, else each mated one's at the lowest FMR."""
    rows = np.arange(len(scored))
    if folds is not None:
        name, wrong = "wrong decision over folds", ~right_of(scored, folds)
    else:
        carried = [point for point in points if point.measurable]
        if not carried:
            return None
        rows = np.flatnonzero(scored.mated)
        name = f"false non-match at FMR {carried[-1].target_fmr:g}"
        wrong = scored.ranked < carried[-1].threshold
    if len(rows) > MOST_OUTCOMES:
        return None
    items = sha256_of(
        f"{scored.first[row]} {scored.second[row]} {scored.mated[row]}" for row in rows
    )
    left, right = (tuple(side[rows].tolist()) for side in (scored.left, scored.right))
    return Outcomes(name, items, tuple(wrong[rows].astype(float).tolist()), left, right)


def probability_findings(
    log_ratios: Array, scored: ScoredPairs, found: Reliability, *, said: str
) -> Findings:
    """Return Cllr, what calibration loses, and the reliability curve at prior 0.5."""
    n = len(scored)
    cost, least = cllr(log_ratios, scored.mated), min_cllr(scored.ranked, scored.mated)
    rule = f"bits; 0 knows all, 1 says nothing; {said}"
    figures = (
        Figure("Cllr", cost, n, rule=rule),
        Figure("Cllr - minCllr", cost - least, n, rule="what calibration loses, bits"),
        Figure("calibration error", found.error, n, rule="mean gap of stated and observed share"),
    )
    return Findings(figures, (reliability_curve(found, "stated probability of one person"),))


def reliability_curve(found: Reliability, stated: str) -> Curve:
    """Return observed over stated probability, one point a bin that is not empty."""
    used = found.count > 0
    weight = found.count[used] / found.count.sum()
    columns = [
        tuple(float(v) for v in c) for c in (found.stated[used], found.observed[used], weight)
    ]
    return Curve(
        "reliability", "reliability", columns[0], columns[1], stated, "observed share", columns[2]
    )


def together(*parts: Findings) -> Findings:
    """Return all figures, curves and mistakes of parts; the first outcomes there are."""
    outcomes = next((part.outcomes for part in parts if part.outcomes is not None), None)
    return Findings(
        tuple(figure for part in parts for figure in part.figures),
        tuple(curve for part in parts for curve in part.curves),
        tuple(mistake for part in parts for mistake in part.mistakes),
        outcomes,
    )
