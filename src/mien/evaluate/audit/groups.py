"""Groups of people: columns of labels, bins of numbers, and their intersections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from mien.errors import InputError
from mien.evaluate.audit.table import Table
from mien.types.arrays import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Who is in which group: ``index (N,)`` into ``names``, -1 for those without a label.

    ``columns`` they are made of; ``unobserved``: intersections that nobody is in.
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]
    index: IntArray
    unobserved: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The columns in words."""
        return " x ".join(self.columns)

    @property
    def n_without_label(self) -> int:
        """How many rows belong to no group, because a label is missing."""
        return int((self.index < 0).sum())

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.names)


def grouping(table: Table, spec: str) -> Grouping:
    """Return the groups of one column: ``COLUMN``, ``COLUMN:18,40,60`` or ``COLUMN:q4``.

    Without bins every word is a group. Edges: under 18, 18 to under 40, ..., 60 and over; q4: four
    bins of about as many rows each. Raises InputError for a column that is not there, bins that
    nobody is in, or fewer than two groups.
    """
    column, _, bins = spec.partition(":")
    if not bins:
        words = table.words(column)
        names, index = np.unique(words, return_inverse=True)
        places = np.cumsum(names != "") - 1
        found = Grouping(
            (column,), tuple(map(str, names[names != ""])), np.where(words == "", -1, places[index])
        )
    else:
        values = table.numbers(column)
        edges = _edges(spec, bins, values)
        index = np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="right"))
        found = Grouping((column,), _bin_names(edges), index)
    return _peopled(found, spec)


def intersection(groupings: Sequence[Grouping]) -> Grouping:
    """Return the groups in which several groupings agree; those that nobody is in are named."""
    sizes = tuple(len(one) for one in groupings)
    known = np.all([one.index >= 0 for one in groupings], axis=0)
    parts = [np.maximum(one.index, 0) for one in groupings]
    flat = np.where(known, np.ravel_multi_index(parts, sizes), -1)
    everybody = [", ".join(names) for names in product(*(one.names for one in groupings))]
    there = np.unique(flat[known])
    place = np.full(len(everybody) + 1, -1)
    place[there] = np.arange(len(there))
    return Grouping(
        tuple(column for one in groupings for column in one.columns),
        tuple(everybody[number] for number in there),
        place[flat],
        tuple(name for number, name in enumerate(everybody) if number not in set(there.tolist())),
    )


def all_groupings(table: Table, specs: Sequence[str]) -> list[Grouping]:
    """Return the groups of each column, and the intersection of all when there are several.

    Raises InputError for no column or one that is named twice.
    """
    if not specs or len(set(specs)) < len(specs):
        raise InputError(f"groups: got {', '.join(specs) or 'none'}, expected columns, each once")
    single = [grouping(table, spec) for spec in specs]
    return [*single, intersection(single)] if len(single) > 1 else single


def _edges(spec: str, bins: str, values: Array) -> Array:
    known = values[~np.isnan(values)]
    wrong = InputError(
        f"groups {spec!r}: expected rising edges as in COLUMN:18,40,60 or quantiles as in COLUMN:q4"
    )
    if bins.startswith("q"):
        if not bins[1:].isdigit() or int(bins[1:]) < 2:
            raise wrong
        inner = np.linspace(0, 1, int(bins[1:]) + 1)[1:-1]
        return np.unique(np.quantile(known, inner)) if len(known) else np.zeros(0)
    try:
        edges = np.array([float(edge) for edge in bins.split(",")])
    except ValueError:
        raise wrong from None
    if not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
        raise wrong
    return edges


def _bin_names(edges: Array) -> tuple[str, ...]:
    if not len(edges):
        return ()
    middle = [f"{a:g} to under {b:g}" for a, b in pairwise(edges)]
    return (f"under {edges[0]:g}", *middle, f"{edges[-1]:g} and over")


def _peopled(found: Grouping, spec: str) -> Grouping:
    if len(found) < 2:
        raise InputError(f"groups {spec!r}: got {len(found)} group, expected two or more")
    counts = np.bincount(found.index[found.index >= 0], minlength=len(found))
    empty = [name for name, count in zip(found.names, counts, strict=True) if not count]
    if empty:
        raise InputError(f"groups {spec!r}: nobody is in {', '.join(empty)}; choose other bins")
    return found
