"""The reference of average link: one join after another, the best first, from a heap."""

from __future__ import annotations

import heapq

import numpy as np

from mien.recognition.average_link import visible_pairs
from mien.recognition.constraints import Constraints
from mien.recognition.links import Links
from mien.types.arrays import IntArray


class Groups:
    """Groups that grow: members' number, their marks, and the summed links to each other."""

    def __init__(self, links: Links, constraints: Constraints) -> None:
        numbers, self.start = np.unique(constraints.groups, return_inverse=True)
        n = len(numbers)
        self.size = np.bincount(self.start, minlength=n).tolist()
        self.into = list(range(n))
        self.marks: list[set[int]] = [set() for _ in range(n)]
        for group, marks in zip(self.start.tolist(), constraints.marks(), strict=True):
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


def heap_average_link(links: Links, constraints: Constraints, cut: float) -> IntArray:
    """As ``average_link``: always the one best pair of all, kept in a heap."""
    groups = Groups(links, constraints)
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
