"""Submodular selection: the few regions that best stand for all, greedily, one after the other.

[P59] values a set of regions by four scores: confidence (is the decision as sure on the set
alone?), effectiveness (do its regions differ from each other?), consistency (does the set alone
score like the crop?) and collaboration (does the crop lose its score without the set?).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.masking import BATCH, Masks
from mien.explain.spreading import over_regions
from mien.types.arrays import BoolArray, FloatArray

#: How steeply confidence rises, over the range of scores.
_STEEP = 8.0
#: Values (N,) of N sets of elements; ``None`` where no more can be asked for.
SetValues = Callable[[Sequence[frozenset[int]]], FloatArray | None]


@dataclass(frozen=True, slots=True)
class Selection:
    """Elements in the order in which they were taken, and what each added.

    ``rose``: of ``asked_again`` gains how many had grown since they were last known, which those
    of a submodular value never do. ``all_asked``: ``False`` where the budget ended before.
    """

    order: tuple[int, ...]
    gains: tuple[float, ...]
    asked_again: int
    rose: int
    all_asked: bool


def lazy_greedy(n: int, values: SetValues, *, together: int = 1) -> Selection:
    """Take the element that adds most, again and again, and ask only for gains that may be largest.

    Gains of a submodular value never grow, so an old one is a bound (Minoux 1978): the order is
    that of plain greedy, and its first k elements reach 1 - 1/e of the best k where the value also
    never falls (Nemhauser 1978). ``together``: gains that are asked for at once. Equal gains: the
    lower element first. When ``values`` gives out, the rest follow by the gains last known.
    """
    taken: list[int] = []
    gains: list[float] = []
    first = values([frozenset(), *(frozenset({one}) for one in range(n))])
    if first is None:
        return Selection((), (), 0, 0, False)
    now = float(first[0])
    # (minus the gain last known, element, how many were taken then)
    heap = [(now - float(value), one, 0) for one, value in enumerate(first[1:])]
    heapq.heapify(heap)
    again = rose = 0
    while heap:
        if heap[0][2] == len(taken):
            loss, one, _ = heapq.heappop(heap)
            taken.append(one)
            gains.append(-loss)
            now -= loss
            continue
        stale = [heapq.heappop(heap) for _ in range(min(together, len(heap)))]
        asked = [frozenset({*taken, one}) for _, one, _ in stale]
        found = values(asked)
        if found is None:
            rest = sorted([*stale, *heap])
            order = (*taken, *(one for _, one, _ in rest))
            return Selection(order, tuple(gains), again, rose, False)
        for (before, one, _), value in zip(stale, found.tolist(), strict=True):
            again += 1
            rose += value - now > -before + 1e-6
            heapq.heappush(heap, (now - value, one, len(taken)))
    return Selection(tuple(taken), tuple(gains), again, rose, True)


class _FourScores:
    """Values sets of regions; 0 for none. Each score is in units of the range first seen."""

    def __init__(self, masks: Masks, present: Sequence[int]) -> None:
        self._masks = masks
        self._present = np.asarray(present)
        self.shown: dict[frozenset[int], float] = {}
        self._all = frozenset(range(len(present)))
        # Whole, hidden, each region alone and all but each.
        alone = [frozenset({one}) for one in range(len(present))]
        self._score([self._all, frozenset(), *alone, *(self._all - one for one in alone)])
        self._apart = self._distances()
        values = np.array(list(self.shown.values()))
        self._range = max(float(np.ptp(values)), 1e-9)

    def of(self, sets: Sequence[frozenset[int]]) -> FloatArray | None:
        """Return the values of sets, ``None`` when the budget has no room for their crops."""
        wanted = [*sets, *(self._all - one for one in sets)]
        new = [one for one in dict.fromkeys(wanted) if one not in self.shown]
        # The scores along the order are what regions are given: there must be room for them.
        if len(new) + len(self._present) > self._masks.left:
            return None
        self._score(new)
        return np.array([self._value(one) - self._value(frozenset()) for one in sets])

    def along(self, order: Sequence[int]) -> FloatArray:
        """Return the scores (n+1,) as regions are shown one after the other."""
        steps = [frozenset(order[:k]) for k in range(len(order) + 1)]
        self._score([one for one in steps if one not in self.shown])
        return np.array([self.shown[one] for one in steps])

    def _value(self, chosen: frozenset[int]) -> float:
        whole, nothing = self.shown[self._all], self.shown[frozenset()]
        threshold = self._masks.case.threshold
        middle = (whole + nothing) / 2 if threshold is None else threshold
        side = 1.0 if whole >= middle else -1.0
        sure = side * (self.shown[chosen] - middle) / self._range
        confidence = 1 / (1 + np.exp(-_STEEP * sure))
        members = sorted(chosen)
        apart = self._apart[np.ix_(members, members)]
        effectiveness = apart.min(axis=1).sum() / len(self._all) if len(members) > 1 else 0.0
        consistency = (self.shown[chosen] - nothing) / self._range
        collaboration = (whole - self.shown[self._all - chosen]) / self._range
        return float(confidence + effectiveness + consistency + collaboration)

    def _distances(self) -> FloatArray:
        """Return how much regions differ (n,n), each shown alone; the mean is 1, to itself inf."""
        n = len(self._present)
        if self._masks.case.embed is None:
            alone = np.array([[self.shown[frozenset({one})]] for one in range(n)])
            apart = np.abs(alone - alone.T)
        else:
            vectors = self._masks.embed_regions(self._kept([frozenset({i}) for i in range(n)]))
            apart = np.maximum(1 - vectors @ vectors.T, 0)
        others = ~np.eye(n, dtype=bool)
        mean = float(apart[others].mean()) if n > 1 else 1.0
        return np.where(others, apart / max(mean, 1e-12), np.inf)

    def _score(self, sets: Sequence[frozenset[int]]) -> None:
        sets = list(dict.fromkeys(sets))
        scores = self._masks.score_regions(self._kept(sets)).tolist()
        self.shown.update(zip(sets, scores, strict=True))

    def _kept(self, sets: Sequence[frozenset[int]]) -> BoolArray:
        kept = np.zeros((len(sets), len(self._masks.case.regions)), bool)
        for row, chosen in zip(kept, sets, strict=True):
            row[self._present[sorted(chosen)]] = True
        return kept


def find(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Order the regions; each is given what the score gains when it is shown after those before."""
    masks = Masks(case, budget)
    present = masks.present().tolist()
    if len(present) * 4 + 2 > budget:
        raise InputError(
            f"budget: got {budget}, expected {len(present) * 4 + 2} for {len(present)} regions"
        )
    value = _FourScores(masks, present)
    chosen = lazy_greedy(len(present), value.of, together=BATCH // 2)
    steps = value.along(chosen.order)
    scores = np.zeros(len(case.regions), np.float32)
    scores[[present[one] for one in chosen.order]] = np.diff(steps)
    return Finding(
        float(steps[-1]),
        over_regions(scores, case.labels),
        scores,
        masks.calls,
        notes=_said(chosen, [case.regions[present[one]] for one in chosen.order]),
    )


def _said(chosen: Selection, names: Sequence[str]) -> tuple[str, ...]:
    notes = [f"in the order in which regions were taken: {', '.join(names)}"]
    if not chosen.all_asked:
        notes.append("the budget ended before the order was settled: its end is a guess")
    if chosen.asked_again:
        notes.append(
            f"{chosen.rose} of {chosen.asked_again} gains had grown when asked for again; the "
            "bound of 1 - 1/e holds as far as none does"
        )
    return tuple(notes)


register(
    Explainer(
        name="submodular",
        title="Fewest regions (submodular selection)",
        find=find,
        budget=320,
        paper="P59",
        smallest_budget=54,
    )
)
