"""FMR within each group, off the diagonal of the cross-group matrix, as a figure with gaps."""

from __future__ import annotations

import math

import numpy as np

from mien.evaluate.audit.cross_groups import CrossGroups
from mien.evaluate.audit.gaps import FEWEST_SUBJECTS, FEWEST_TRIALS, Gap, simultaneous
from mien.evaluate.audit.result import Figure, GroupFigure
from mien.evaluate.audit.settings import Settings
from mien.evaluate.audit.spread import of_rates
from mien.metrics.clopper_pearson import clopper_pearson
from mien.metrics.estimate import Estimate
from mien.types.arrays import Array, BoolArray


def fmr_figure(cross: CrossGroups, title: str, settings: Settings) -> Figure:
    """Return FMR of comparisons of two people of the same group, for each group.

    A gap is FMR within the group over that within all other groups, by their comparisons: rates
    this small differ by factors, and intervals are made on that scale. A group is judged from 10
    subjects and 30 comparisons.
    """
    n = np.diag(cross.n)
    judged: BoolArray = (n >= FEWEST_TRIALS) & (cross.subjects >= FEWEST_SUBJECTS)
    gaps: list[Gap | None] = [None] * len(n)
    spread: dict[str, Estimate] = {}
    if judged.sum() > 1:
        gaps = _gaps(cross, judged, settings)
        rates = np.diag(cross.fmr)[judged]
        spread = of_rates(rates, cross.drawn[:, judged], int(n.sum()), level=settings.level)
    groups = [
        GroupFigure(
            name,
            _estimate(cross, place, settings),
            int(cross.subjects[place]),
            raw=gaps[place],
            too_small=""
            if judged[place]
            else f"{n[place]} comparisons of {cross.subjects[place]} subjects",
        )
        for place, name in enumerate(cross.names)
    ]
    return Figure(
        "FMR within the group", title, "", True, _overall(cross, settings), tuple(groups), spread
    )


def _gaps(cross: CrossGroups, judged: BoolArray, settings: Settings) -> list[Gap | None]:
    """Return ratios of rates with half a match added (Haldane), so that none has no logarithm."""
    n = np.diag(cross.n).astype(np.float64)
    hits = np.diag(cross.matches).astype(np.float64)
    drawn = [_log_ratio(rates * n, n) for rates in np.nan_to_num(cross.drawn)]
    logs = simultaneous(
        _log_ratio(hits, n),
        np.array(drawn),
        judged=judged,
        counts=np.diag(cross.n).tolist(),
        # The spread of a logarithm of so few counted matches (Poisson), where none differs.
        floor=np.sqrt(1 / (hits + 0.5) + 1 / (hits.sum() - hits + 0.5)),
        level=settings.level,
    )
    return [None if gap is None else _as_ratio(gap) for gap in logs]


def _log_ratio(hits: Array, n: Array) -> Array:
    own = np.log((hits + 0.5) / (n + 1))
    ratio: Array = own - np.log((hits.sum() - hits + 0.5) / (n.sum() - n + 1))
    return ratio


def _as_ratio(gap: Gap) -> Gap:
    low, high = math.exp(gap.low), math.exp(gap.high)
    return Gap(math.exp(gap.value), low, high, math.exp(gap.detectable), gap.n, is_ratio=True)


def _estimate(cross: CrossGroups, place: int, settings: Settings) -> Estimate:
    value, low, high = (float(m[place, place]) for m in (cross.fmr, cross.low, cross.high))
    n = int(cross.n[place, place])
    return Estimate(value, low, high, n, settings.level, "wider of Clopper-Pearson and subjects")


def _overall(cross: CrossGroups, settings: Settings) -> Estimate:
    """Return FMR of all comparisons, within groups and across, with an interval over subjects."""
    upper = np.triu_indices(len(cross.names))
    n, hits = int(cross.n[upper].sum()), int(cross.matches[upper].sum())
    exact = clopper_pearson(hits, n, level=settings.level)
    ends = np.quantile(cross.drawn_overall, [(1 - settings.level) / 2, (1 + settings.level) / 2])
    low, high = min(exact[0], float(ends[0])), max(exact[1], float(ends[1]))
    method = "wider of Clopper-Pearson and subjects"
    return Estimate(hits / n if n else float("nan"), low, high, n, settings.level, method)
