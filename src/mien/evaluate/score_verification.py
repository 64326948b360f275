"""Verification from a score file: the same figures as for mien's own models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.data import Pairs
from mien.data.rows import Row
from mien.errors import DatasetError
from mien.evaluate.comparing import RATES, together, verification_findings
from mien.evaluate.result import Figure, Findings
from mien.evaluate.score_task import Scores, ScoreTask, filled, register, true_or_false
from mien.evaluate.scored import ScoredPairs, strings, subject_numbers
from mien.evaluate.store import sha256_of
from mien.metrics.rule_of_30 import measurable
from mien.metrics.share import share_estimate
from mien.metrics.verification import threshold_at_fmr
from mien.types.arrays import Array


def measure(rows: Sequence[Row], distance: bool, seed: int) -> Scores:
    """Measure scores of comparisons, of all groups together and of each."""
    scored = scored_pairs(rows, distance=distance)
    chosen = f"the {len(scored):,} comparisons of the file"
    found = verification_findings(scored, chosen=chosen, seed=seed)
    if "group" in rows[0].columns:
        groups = np.array([filled(row, "group") for row in rows])
        found = together(found, _of_groups(scored, groups, seed))
    items = sha256_of(
        f"{first} {second} {mated} {fold}"
        for first, second, mated, fold in zip(
            scored.first, scored.second, scored.mated, scored.fold, strict=True
        )
    )
    return Scores(found, len(scored), items)


def scored_pairs(rows: Sequence[Row], *, distance: bool) -> ScoredPairs:
    """Return the comparisons. Raises DatasetError with the line at fault."""
    score = np.array([row.number("score") for row in rows])
    mated = np.array([true_or_false(row, "mated") for row in rows])
    if mated.all() or not mated.any():
        kind = "mated" if mated.all() else "non-mated"
        raise DatasetError(f"{rows[0].path}: all comparisons are {kind}; expected both kinds")
    columns = rows[0].columns
    fold = np.array([row.integer("fold") if "fold" in columns else 0 for row in rows], np.int64)
    first, second = _names(rows, mated)
    left, right = _subjects(rows, Pairs(first, second, mated, fold))
    _keep_people_apart(rows, left, right, fold)
    usable = np.ones(len(rows), bool)
    ids = (strings(first.tolist()), strings(second.tolist()))
    return ScoredPairs(-score if distance else score, left, right, fold, usable, *ids)


def _names(rows: Sequence[Row], mated: Array) -> tuple[Array, Array]:
    """Return the samples of each side; where they are not said, each row has two of its own."""
    if {"first", "second"} <= set(rows[0].columns):
        first, second = ([filled(row, side) for row in rows] for side in ("first", "second"))
    else:
        first, second = ([f"{n} {side}" for n in range(len(rows))] for side in ("a", "b"))
    return np.array(first), np.array(second)


def _subjects(rows: Sequence[Row], pairs: Pairs) -> tuple[Array, Array]:
    """Return the subject (P,) of each side, checked against ``mated``."""
    sides = ("first_subject", "second_subject")
    if not set(sides) <= set(rows[0].columns):
        return subject_numbers(pairs, {})
    names = [[filled(row, side) for row in rows] for side in sides]
    number = np.unique(np.array(names), return_inverse=True)[1].reshape(2, -1).astype(np.int64)
    wrong = np.flatnonzero((number[0] == number[1]) != pairs.mated)
    if len(wrong):
        row = rows[int(wrong[0])]
        raise row.error(
            f"{row[sides[0]]} and {row[sides[1]]} with mated = {row['mated']}: one is wrong"
        )
    return number[0], number[1]


def _keep_people_apart(rows: Sequence[Row], left: Array, right: Array, fold: Array) -> None:
    if not {"first_subject", "second_subject"} <= set(rows[0].columns):
        return
    seen: dict[int, int] = {}
    for row, *people, here in zip(rows, left.tolist(), right.tolist(), fold.tolist(), strict=True):
        for side, person in zip(("first_subject", "second_subject"), people, strict=True):
            if seen.setdefault(person, here) != here:
                raise row.error(f"{row[side]} is in fold {here} and in fold {seen[person]}")


def _of_groups(scored: ScoredPairs, groups: Array, seed: int) -> Findings:
    """Return FMR and FNMR of each group at one threshold for all."""
    others = scored.score[~scored.mated]
    carried = [rate for rate in RATES if measurable(rate, len(others))]
    if not carried:
        why = f"{len(others)} non-mated comparisons carry no threshold"
        return Findings((Figure("error rates of groups", None, len(scored), why=why),))
    threshold = threshold_at_fmr(others, carried[-1])
    matches = scored.score >= threshold
    rule = f"match iff score >= {threshold:.4f}, where FMR of all is {carried[-1]:g}"
    figures = []
    for group in np.unique(groups):
        for name, hits, kind in (
            ("FMR", matches, ~scored.mated),
            ("FNMR", ~matches, scored.mated),
        ):
            here = kind & (groups == group)
            estimate = share_estimate(
                hits[here], left=scored.left[here], right=scored.right[here], seed=seed
            )
            figures.append(Figure.of(f"{name}, {group}", estimate, rule=rule))
    return Findings(tuple(figures))


TASK = register(
    ScoreTask(
        name="verification",
        title="Verification",
        protocol=(
            "Comparison scores of another system: match iff score >= threshold (of distances: iff "
            "distance <= threshold). Intervals are over people where the file names them, or the "
            "samples that are compared; else comparisons are taken as independent."
        ),
        columns=("score", "mated"),
        optional=("fold", "first", "second", "first_subject", "second_subject", "group"),
        measure=measure,
    )
)
