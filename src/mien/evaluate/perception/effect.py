"""The causal effect of one controlled factor on a score: pictures in pairs that differ in it alone.

Where the factor was set and nothing else was changed, the paired difference is its effect, not a
correlation [P5]. That nothing else was changed is the word of who made the pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mien.data.rows import read_table
from mien.errors import DatasetError, InputError
from mien.io import find_images
from mien.metrics.estimate import Estimate
from mien.metrics.multiplicity import holm
from mien.metrics.paired import mcnemar, paired_difference
from mien.types.arrays import Array, BoolArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class FactorPairs:
    """``first`` without and ``second`` with the factor: pictures (P,) str below a root.

    ``factor``, ``subject (P,)`` str; ``reference (P,)``: the picture that both are compared with,
    "" where none is named.
    """

    first: Array
    second: Array
    factor: Array
    subject: Array
    reference: Array

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.first)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one factor does to one score: ``change`` is the mean of second minus first.

    ``rises``, ``falls``, ``ties``: subjects whose mean change is above, below and at 0, and the
    exact two-sided sign test's ``sign_p`` of them; ``p`` of the change, and ``p_adjusted`` over all
    factors (Holm). ``lost``, ``gained``: pairs where only the first, only the second was scored.
    """

    factor: str
    score: str
    change: Estimate
    n_subjects: int
    rises: int
    falls: int
    ties: int
    sign_p: float
    p: float
    p_adjusted: float
    lost: int = 0
    gained: int = 0


def read_pairs(path: Path, root: Path) -> FactorPairs:
    """Read a CSV with the columns first, second, factor, subject, and perhaps reference.

    Raises DatasetError with file and line for a picture that is not there, or one beside itself.
    """
    rows = list(read_table(path, columns=("first", "second", "factor", "subject")))
    if not rows:
        raise DatasetError(f"{path}: holds no pair")
    named = ("first", "second", *(("reference",) if "reference" in rows[0].columns else ()))
    for row in rows:
        for column in named:
            if row[column] and not (root / row[column]).is_file():
                raise row.error(f"column {column}: no such picture: {root / row[column]}")
        if not row["first"] or row["first"] == row["second"]:
            raise row.error(f"first and second are {row['first']!r}: expected two pictures")
        if not row["factor"] or not row["subject"]:
            raise row.error("factor or subject is empty")
    first, second, factor, subject = (
        np.array([row[name] for row in rows]) for name in ("first", "second", "factor", "subject")
    )
    there = [row["reference"] if len(named) == 3 else "" for row in rows]
    return FactorPairs(first, second, factor, subject, np.array(there))


def pairs_in_folders(root: Path) -> FactorPairs:
    """Read ``root/factor/subject_first.ext`` and ``subject_second.ext``: a folder a factor.

    Raises DatasetError for a picture without its partner, or no pair at all.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for path in find_images(root):
        place = path.relative_to(root)
        subject, _, side = path.stem.rpartition("_")
        if len(place.parts) != 2 or side not in ("first", "second") or not subject:
            raise DatasetError(f"{path}: expected FACTOR/SUBJECT_first or _second below {root}")
        found.setdefault((place.parts[0], subject), {})[side] = place.as_posix()
    for (factor, subject), sides in found.items():
        if len(sides) < 2:
            raise DatasetError(f"{root / factor}: {subject} has only a {next(iter(sides))} picture")
    if not found:
        raise DatasetError(f"{root}: no pair below it")
    first, second = (
        np.array([sides[side] for sides in found.values()]) for side in ("first", "second")
    )
    factors, subjects = (np.array([key[part] for key in found]) for part in (0, 1))
    return FactorPairs(first, second, factors, subjects, np.full(len(found), ""))


def effects(
    pairs: FactorPairs,
    first: Array,
    second: Array,
    *,
    score: str,
    resamples: int = 1000,
    seed: int = 0,
) -> list[Effect]:
    """Return the effect of each factor on scores (P,) of the first and the second pictures.

    NaN: not scored, for instance because no face was found. Raises InputError for a factor without
    a pair of which both are scored.
    """
    columns = [
        checked(name, values, ("P",), dtype=np.float64, finite=False)
        for name, values in (("first", first), ("second", second))
    ]
    same_length("effects", pairs=len(pairs), first=len(columns[0]), second=len(columns[1]))
    found = []
    for factor in np.unique(pairs.factor):
        here = pairs.factor == factor
        found.append(
            _effect(
                str(factor),
                score,
                pairs.subject[here],
                [column[here] for column in columns],
                resamples=resamples,
                seed=seed,
            )
        )
    adjusted = holm(np.array([one.p for one in found]))
    return [replace(one, p_adjusted=float(p)) for one, p in zip(found, adjusted, strict=True)]


def _effect(
    factor: str, score: str, subject: Array, sides: Sequence[Array], *, resamples: int, seed: int
) -> Effect:
    scored = [~np.isnan(side) for side in sides]
    both: BoolArray = scored[0] & scored[1]
    if not both.any():
        raise InputError(
            f"factor {factor!r}: no pair of which both pictures have the score {score}"
        )
    first, second = (side[both] for side in sides)
    names, person = np.unique(subject[both], return_inverse=True)
    tested = paired_difference(second, first, left=person, resamples=resamples, seed=seed)
    change = np.bincount(person, second - first) / np.bincount(person)
    signs = mcnemar(change > 0, change < 0)
    return Effect(
        factor,
        score,
        tested.difference,
        len(names),
        signs.only_first,
        signs.only_second,
        int((change == 0).sum()),
        signs.p,
        tested.p,
        tested.p,
        int((scored[0] & ~scored[1]).sum()),
        int((~scored[0] & scored[1]).sum()),
    )
