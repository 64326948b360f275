"""Lines of comparisons that name people and the numbers of their pictures, as LFW began them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mien.data.pairs import Pairs
from mien.data.rows import Row


def numbered_pairs(
    rows: Sequence[Row], named: Callable[[Row, str, int], str], *, folds: int
) -> Pairs:
    """Return the comparisons of lines ``person n1 n2`` or ``person1 n1 person2 n2``.

    ``named`` gives the sample id of a row's person and the column of the number. The lines are in
    ``folds`` of equal length, in their order. Raises DatasetError with file and line.
    """
    first, second, mated = [], [], []
    for row in rows:
        if len(row.cells) not in (3, 4):
            raise row.error(f"got {len(row.cells)} cells, expected 3 (mated) or 4 (non-mated)")
        same = len(row.cells) == 3
        first.append(named(row, row[0], 1))
        second.append(named(row, row[0], 2) if same else named(row, row[2], 3))
        mated.append(same)
    fold = np.arange(len(rows)) * folds // max(1, len(rows))
    return Pairs(np.array(first, str), np.array(second, str), np.array(mated, bool), fold)


def joined(parts: Sequence[Pairs]) -> Pairs:
    """Return the comparisons of several lists, one after the other."""
    columns = ("first", "second", "mated", "fold")
    return Pairs(*(np.concatenate([getattr(part, name) for part in parts]) for name in columns))
