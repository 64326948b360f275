"""Cut a graph of links into groups: by average link, by the best link, or by whispering."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from mien.recognition.constraints import Constraints
from mien.recognition.links import Links
from mien.types.arrays import Array, IntArray

#: Chinese whispers settles within a few rounds.
_WHISPER_ROUNDS = 20


class _Groups:
    """Groups that grow: members' number, their marks, and the summed links to each other."""

    def __init__(self, links: Links, constraints: Constraints) -> None:
        numbers, self.start = np.unique(constraints.groups, return_inverse=True)
        n = len(numbers)
        self.size = np.bincount(self.start, minlength=n).tolist()
        self.into = list(range(n))
        self.marks: list[set[object]] = [set() for _ in range(n)]
        for group, marks in zip(self.start.tolist(), constraints.marks, strict=True):
            self.marks[group] |= marks
        self.link: list[dict[int, float]] = [{} for _ in range(n)]
        left, right = self.start[links.left].tolist(), self.start[links.right].tolist()
        for a, b, strength in zip(left, right, links.strength.tolist(), strict=True):
            if a != b:
                self.link[a][b] = self.link[b][a] = self.link[a].get(b, 0.0) + strength

    def may_join(self, a: int, b: int) -> bool:
        return self.marks[a].isdisjoint(self.marks[b])

    def join(self, a: int, b: int) -> None:
        """Put b into a."""
        self.into[b] = a
        self.size[a] += self.size[b]
        self.marks[a] |= self.marks[b]
        self.link[a].pop(b, None)
        for c, strength in self.link[b].items():
            if c != a:
                del self.link[c][b]
                self.link[a][c] = self.link[c][a] = self.link[a].get(c, 0.0) + strength
        self.link[b] = {}

    def root(self, group: int) -> int:
        while self.into[group] != group:
            self.into[group] = self.into[self.into[group]]
            group = self.into[group]
        return group

    def labels(self) -> IntArray:
        roots = np.array([self.root(group) for group in range(len(self.into))], np.int64)
        found: IntArray = roots[self.start] if len(roots) else np.zeros(0, np.int64)
        return found


def visible_pairs(size_a: int, size_b: int, k: int) -> float:
    """Return how many pairs between two groups of one person a graph of k neighbours shows.

    All, while a face can see everybody of both groups; then a face's k places are shared out.
    """
    return size_a * size_b * min(1.0, k / max(size_a + size_b - 1, 1))


def average_link(links: Links, constraints: Constraints, cut: float) -> IntArray:
    """Return a group (N,) for each face: the two of the highest mean link join, while >= ``cut``.

    The mean is over the pairs between two groups that could be visible; missing links count 0.
    """
    groups = _Groups(links, constraints)
    version = [0] * len(groups.size)
    heap: list[tuple[float, int, int, int, int]] = []

    def offer(a: int, b: int) -> None:
        mean = groups.link[a][b] / visible_pairs(groups.size[a], groups.size[b], links.k)
        if mean >= cut and groups.may_join(a, b):
            a, b = min(a, b), max(a, b)
            heapq.heappush(heap, (-mean, a, b, version[a], version[b]))

    for a, others in enumerate(groups.link):
        for b in others:
            if a < b:
                offer(a, b)
    while heap:
        _, a, b, seen_a, seen_b = heapq.heappop(heap)
        if (seen_a, seen_b) != (version[a], version[b]):
            continue
        groups.join(a, b)
        version[a] += 1
        version[b] = -1
        for c in list(groups.link[a]):
            offer(a, c)
    return groups.labels()


def best_link(links: Links, constraints: Constraints, cut: float) -> IntArray:
    """Return a group (N,) for each face: everybody with a chain of links >= ``cut`` between them.

    Where a constraint forbids a join, the weaker links of the chain give way.
    """
    groups = _Groups(links, constraints)
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
    groups = _Groups(strong, constraints)
    label = list(range(len(groups.size)))
    rng = np.random.default_rng(seed)
    for _ in range(_WHISPER_ROUNDS):
        changed = False
        for group in rng.permutation(len(label)).tolist():
            votes: dict[int, float] = {}
            for other, strength in groups.link[group].items():
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


def _only(links: Links, rows: Array) -> Links:
    return Links(links.n, links.k, links.left[rows], links.right[rows], links.strength[rows])


#: A way to cut: links, constraints and the cut make groups (N,).
Partition = Callable[[Links, Constraints, float], IntArray]
