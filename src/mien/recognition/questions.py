"""Which pairs of groups to ask a person about first.

After [P31]: what is sure is labelled without asking, what is uncertain is asked, and an answer
that settles many faces comes before one that settles few.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mien.metrics.clustering import separate
from mien.recognition.average_link import visible_pairs
from mien.recognition.constraints import Pair
from mien.recognition.links import Links
from mien.types.arrays import IntArray

#: Mean links this share of the cut away from it are sure enough not to be asked about.
_BAND = 0.5


@dataclass(frozen=True, slots=True)
class Question:
    """Are the people of ``left`` and ``right``, one face of each, the same?

    The two faces have the strongest link between their groups; ``strength``: the groups' mean link;
    ``moves``: how many faces a yes would move; ``worth``: what the questions are ranked by.
    """

    left: int
    right: int
    strength: float
    moves: int
    worth: float


def questions(
    labels: IntArray, links: Links, cut: float, *, most: int = 10, apart: Iterable[Pair] = ()
) -> list[Question]:
    """Return the pairs of groups worth asking about, best first.

    Worth is ``moves`` times nearness, which falls from 1 at the cut to 0 at half of it above and
    below. ``labels (N,)``, -1 for alone; ``apart``: pairs of faces that are known to be two people
    (of one photo, or told apart): their groups are not asked about.
    """
    groups = separate(labels)
    sizes = np.bincount(groups, minlength=1).tolist()
    settled = {_key(groups, *pair) for pair in apart}
    sums: dict[tuple[int, int], float] = {}
    best: dict[tuple[int, int], tuple[float, int, int]] = {}
    columns = (links.left.tolist(), links.right.tolist(), links.strength.tolist())
    for left, right, strength in zip(*columns, strict=True):
        key = _key(groups, left, right)
        if key[0] == key[1] or key in settled:
            continue
        sums[key] = sums.get(key, 0.0) + strength
        best[key] = max(best.get(key, (-1.0, 0, 0)), (strength, -left, -right))
    asked = []
    for (a, b), total in sums.items():
        mean = total / float(visible_pairs(sizes[a], sizes[b], links.k))
        nearness = 1 - abs(mean - cut) / (_BAND * cut) if cut > 0 else 0.0
        moves = min(sizes[a], sizes[b])
        if nearness > 0:
            _, left, right = best[a, b]
            asked.append(Question(-left, -right, mean, moves, nearness * moves))
    return sorted(asked, key=lambda q: (-q.worth, q.left, q.right))[:most]


def _key(groups: IntArray, left: int, right: int) -> tuple[int, int]:
    a, b = int(groups[left]), int(groups[right])
    return min(a, b), max(a, b)
