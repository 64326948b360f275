"""Cut a graph of links into groups by the best link, or by whispering: the known baselines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mien.recognition.constraints import Constraints
from mien.recognition.links import Links
from mien.types.arrays import Array, IntArray

#: Chinese whispers settles within a few rounds.
_WHISPER_ROUNDS = 20


class _Groups:
    """Groups that grow, and their marks."""

    def __init__(self, constraints: Constraints) -> None:
        numbers, self.start = np.unique(constraints.groups, return_inverse=True)
        self.into = list(range(len(numbers)))
        self.marks: list[set[int]] = [set() for _ in numbers]
        for group, marks in zip(self.start.tolist(), constraints.marks(), strict=True):
            self.marks[group] |= marks

    def may_join(self, a: int, b: int) -> bool:
        return self.marks[a].isdisjoint(self.marks[b])

    def root(self, group: int) -> int:
        while self.into[group] != group:
            self.into[group] = self.into[self.into[group]]
            group = self.into[group]
        return group

    def labels(self) -> IntArray:
        roots = np.array([self.root(group) for group in range(len(self.into))], np.int64)
        found: IntArray = roots[self.start] if len(roots) else np.zeros(0, np.int64)
        return found


def best_link(links: Links, constraints: Constraints, cut: float) -> IntArray:
    """Return a group (N,) for each face: everybody with a chain of links >= ``cut`` between them.

    Where a constraint forbids a join, the weaker links of the chain give way.
    """
    groups = _Groups(constraints)
    kept = np.flatnonzero(links.strength >= cut)
    order = kept[np.lexsort((links.right[kept], links.left[kept], -links.strength[kept]))]
    for left, right in zip(
        groups.start[links.left[order]].tolist(),
        groups.start[links.right[order]].tolist(),
        strict=True,
    ):
        a, b = sorted((groups.root(left), groups.root(right)))
        if a != b and groups.may_join(a, b):
            groups.into[b] = a
            groups.marks[a] |= groups.marks[b]
    return groups.labels()


def chinese_whispers(
    links: Links, constraints: Constraints, cut: float, *, seed: int = 0
) -> IntArray:
    """Return a group (N,) for each face: everybody takes on what most of its links >= ``cut`` say.

    In a random order, ``seed``, until nothing changes, at most 20 rounds. Afterwards what a
    constraint forbids is undone as in ``best_link``. Source: Biemann (2006).
    """
    strong = _only(links, links.strength >= cut)
    groups = _Groups(constraints)
    link = _between(strong, groups)
    label = list(range(len(link)))
    rng = np.random.default_rng(seed)
    for _ in range(_WHISPER_ROUNDS):
        changed = False
        for group in rng.permutation(len(label)).tolist():
            votes: dict[int, float] = {}
            for other, strength in link[group].items():
                votes[label[other]] = votes.get(label[other], 0.0) + strength
            if votes:
                best = max(votes, key=lambda name: (votes[name], -name))
                changed |= best != label[group]
                label[group] = best
        if not changed:
            break
    said = np.array(label, np.int64)[groups.start] if len(label) else groups.start
    agreed = _only(strong, said[strong.left] == said[strong.right])
    return best_link(agreed, constraints, cut)


def _between(links: Links, groups: _Groups) -> list[dict[int, float]]:
    """Return the summed links of each group to the others."""
    link: list[dict[int, float]] = [{} for _ in groups.into]
    left, right = groups.start[links.left].tolist(), groups.start[links.right].tolist()
    for a, b, strength in zip(left, right, links.strength.tolist(), strict=True):
        if a != b:
            link[a][b] = link[b][a] = link[a].get(b, 0.0) + strength
    return link


def _only(links: Links, rows: Array) -> Links:
    return Links(links.n, links.k, links.left[rows], links.right[rows], links.strength[rows])


#: A way to cut: links, constraints and the cut make groups (N,).
Partition = Callable[[Links, Constraints, float], IntArray]
