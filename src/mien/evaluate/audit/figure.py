"""One figure over one grouping: groups, gaps raw, matched and adjusted, and their spread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mien.evaluate.audit.adjusting import AdjustedGaps, adjusted_gaps
from mien.evaluate.audit.gaps import (
    FEWEST_SUBJECTS,
    FEWEST_TRIALS,
    large_enough,
    n_subjects,
    raw_gaps,
)
from mien.evaluate.audit.groups import Grouping
from mien.evaluate.audit.matching import MatchedGaps, matched_gaps
from mien.evaluate.audit.outcomes import CAPTURE, MATCHED, SKIN
from mien.evaluate.audit.result import Figure, GroupFigure
from mien.evaluate.audit.settings import Settings
from mien.evaluate.audit.spread import spread_of_groups
from mien.evaluate.audit.trials import Trials, group_means, replicates
from mien.metrics.estimate import Estimate, unknown
from mien.metrics.share import share_estimate
from mien.types.arrays import Array, IntArray


def figure(trials: Trials, groups: Grouping, settings: Settings) -> Figure:
    """Return the figure of these trials over these groups; of no trial, one that says so."""
    # A column cannot be held equal between groups that it makes.
    held = tuple(name for name in settings.held if name not in groups.columns)
    settings = replace(settings, held=held)
    index = trials.group(groups.index)
    inside = index >= 0
    chosen, index = trials[inside], index[inside]
    small = _too_small(chosen, index, len(groups))
    estimates = estimated(chosen, index, len(groups), settings)
    found = [
        GroupFigure(name, estimate, int(people), too_small=why)
        for name, estimate, people, why in zip(
            groups.names, estimates, n_subjects(chosen, index, len(groups)), small, strict=True
        )
    ]
    if len(chosen) and sum(not why for why in small) > 1:
        found = _with_gaps(found, chosen, index, settings)
    matched = _matched(chosen, index, len(groups), settings)
    adjusted, skin = (_adjusted(chosen, index, len(groups), settings, s) for s in ((), SKIN))
    found = [
        _with_fair_gaps(group, place, matched, adjusted, skin) for place, group in enumerate(found)
    ]
    return Figure(
        trials.title,
        groups.title,
        trials.unit,
        trials.lower_is_better,
        _overall(trials, settings),
        tuple(found),
        spread_of_groups(chosen, index, len(groups), settings),
        int((~inside).sum()),
        groups.unobserved,
        () if adjusted is None else adjusted.confounders,
        {} if matched is None else matched.calipers,
    )


def estimated(trials: Trials, index: IntArray, n_groups: int, settings: Settings) -> list[Estimate]:
    """Return each group's figure with an interval of its own."""
    counts = np.bincount(index, minlength=n_groups)
    if not trials.binary and len(trials):
        means = group_means(trials.outcome, index, np.ones(len(trials)), n_groups)
        drawn = replicates(
            trials,
            lambda weights: group_means(trials.outcome, index, weights, n_groups),
            resamples=settings.resamples,
            seed=settings.seed,
        )
        return [
            _percentiles(m, d, n, settings) for m, d, n in zip(means, drawn.T, counts, strict=True)
        ]
    made = []
    for place in range(n_groups):
        here = index == place
        made.append(
            share_estimate(
                trials.outcome[here] > 0,
                left=trials.left[here],
                right=trials.right[here],
                level=settings.level,
                resamples=settings.resamples,
                seed=settings.seed,
            )
        )
    return made


def _percentiles(mean: float, drawn: Array, n: int, settings: Settings) -> Estimate:
    known = drawn[~np.isnan(drawn)]
    if not len(known) or n < 2:
        return unknown(int(n), level=settings.level, method="subjects")
    low, high = np.quantile(known, [(1 - settings.level) / 2, (1 + settings.level) / 2])
    return Estimate(float(mean), float(low), float(high), int(n), settings.level, "subjects")


def _overall(trials: Trials, settings: Settings) -> Estimate:
    (whole,) = estimated(trials, np.zeros(len(trials), np.int64), 1, settings)
    return whole


def _too_small(trials: Trials, index: IntArray, n_groups: int) -> list[str]:
    counts, people = (
        np.bincount(index, minlength=n_groups),
        n_subjects(trials, index, n_groups),
    )
    enough = large_enough(trials, index, n_groups)
    return [
        ""
        if fine
        else f"{n} trials of {s} subjects; {FEWEST_TRIALS} and {FEWEST_SUBJECTS} are needed"
        for n, s, fine in zip(counts, people, enough, strict=True)
    ]


def _with_gaps(
    found: list[GroupFigure], trials: Trials, index: IntArray, settings: Settings
) -> list[GroupFigure]:
    gaps = raw_gaps(
        *(trials, index, len(found)),
        resamples=settings.resamples,
        seed=settings.seed,
        level=settings.level,
    )
    return [replace(group, raw=gap) for group, gap in zip(found, gaps, strict=True)]


def _matched(
    trials: Trials, index: IntArray, n_groups: int, settings: Settings
) -> MatchedGaps | None:
    names = [name for name in (*MATCHED, *settings.held) if name in trials.confounders]
    if not names or not len(trials):
        return None
    return matched_gaps(
        *(trials, index, n_groups),
        confounders=names,
        resamples=settings.resamples,
        seed=settings.seed,
        level=settings.level,
    )


def _adjusted(
    trials: Trials, index: IntArray, n_groups: int, settings: Settings, more: tuple[str, ...]
) -> AdjustedGaps | None:
    names = [n for n in (*CAPTURE, *settings.held, *more) if n in trials.confounders]
    if not names or not len(trials) or not settings.adjust:
        return None
    return adjusted_gaps(
        *(trials, index, n_groups),
        confounders=names,
        resamples=settings.resamples,
        seed=settings.seed,
        level=settings.level,
    )


def _with_fair_gaps(
    group: GroupFigure,
    place: int,
    matched: MatchedGaps | None,
    adjusted: AdjustedGaps | None,
    skin: AdjustedGaps | None,
) -> GroupFigure:
    return replace(
        group,
        matched=None if matched is None else matched.gaps[place],
        matched_share=None if matched is None else matched.share[place],
        adjusted=None if adjusted is None else adjusted.gaps[place],
        adjusted_skin=None if skin is None else skin.gaps[place],
    )
