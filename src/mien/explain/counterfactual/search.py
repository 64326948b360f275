"""Find few regions whose alteration flips a decision: greedily, then none of them too many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.errors import InputError
from mien.explain.case import Case
from mien.explain.counterfactual.edits import Alternatives
from mien.explain.masking import Masks
from mien.types.arrays import BoolArray, ByteArray, FloatArray

#: Enough for thirteen regions, one by one, and for taking each back.
BUDGET = 256
MINIMAL = (
    "minimal means: taking back any one of these regions takes back the flip; another, smaller set "
    "may exist"
)


@dataclass(frozen=True, slots=True, eq=False)
class Flip:
    """``crop (h,w,3)``: the edited crop; ``regions``: what was altered in it, in order of choice.

    ``before``, ``after``: scores of the untouched and the edited crop; ``flipped``: whether they
    lie on different sides of ``threshold`` (score >= threshold is one side); where not, ``crop`` is
    as near as it came. ``trace``: the score after each greedy step; ``area``: share of the crop's
    pixels that differ; ``model_calls``: crops scored.
    """

    crop: ByteArray
    changed: BoolArray
    regions: tuple[str, ...]
    before: float
    after: float
    threshold: float
    flipped: bool
    trace: tuple[float, ...]
    model_calls: int

    @property
    def area(self) -> float:
        """Share of the crop's pixels that belong to an altered region."""
        return float(self.changed.mean())


def flip(case: Case, edits: Alternatives, *, threshold: float, budget: int = BUDGET) -> Flip:
    """Alter as few regions as a greedy search finds until the decision is another one [P121].

    Each step adds the region that moves the score furthest towards the other side; once it is
    there, regions are taken back, those first that matter least, as long as the flip stays. What
    is left is minimal: every single one is needed. Ties: the first region. Deterministic. Raises
    InputError for a budget that one step exceeds.
    """
    n = len(edits.regions)
    if budget < n + 1:
        raise InputError(f"budget: got {budget} crops, expected {n + 1} or more for {n} regions")
    search = _Search(case, edits, threshold, budget)
    chosen, trace = search.forward()
    after = trace[-1] if trace else search.before
    flipped = search.other_side(np.array([after]))[0]
    if flipped:
        chosen, after = search.backward(chosen, after)
    kept = np.zeros((1, n), bool)
    kept[0, chosen] = True
    return Flip(
        edits.composed(case.crop, kept)[0],
        edits.changed(chosen),
        tuple(case.regions[edits.regions[edit]] for edit in chosen),
        search.before,
        after,
        threshold,
        bool(flipped),
        tuple(trace),
        search.masks.calls,
    )


class _Search:
    """The scored crops of one search, and which side of the threshold they lie on."""

    def __init__(self, case: Case, edits: Alternatives, threshold: float, budget: int) -> None:
        self.case, self.edits, self.threshold = case, edits, threshold
        self.masks = Masks(case, budget)
        self.before = float(self.masks.score_crops(case.crop[None])[0])
        self.down = self.before >= threshold

    def other_side(self, scores: FloatArray) -> BoolArray:
        return np.asarray(scores < self.threshold if self.down else scores >= self.threshold)

    def forward(self) -> tuple[list[int], list[float]]:
        """Add regions until the decision flips, none helps, or the budget is spent."""
        chosen: list[int] = []
        trace: list[float] = []
        at = self.before
        while len(chosen) < len(self.edits.regions):
            rest = [edit for edit in range(len(self.edits.regions)) if edit not in chosen]
            if self.masks.left < len(rest):
                break
            scores = self._scores([[*chosen, edit] for edit in rest])
            best = int(np.argmin(scores) if self.down else np.argmax(scores))
            if (scores[best] < at) != self.down or scores[best] == at:
                break
            chosen.append(rest[best])
            at = float(scores[best])
            trace.append(at)
            if self.other_side(scores[[best]])[0]:
                break
        return chosen, trace

    def backward(self, chosen: list[int], after: float) -> tuple[list[int], float]:
        """Take regions back while the decision stays flipped."""
        while len(chosen) > 1 and self.masks.left >= len(chosen):
            without = [[edit for edit in chosen if edit != gone] for gone in chosen]
            scores = self._scores(without)
            still = np.flatnonzero(self.other_side(scores))
            if not len(still):
                break
            best = int(still[np.argmin(scores[still]) if self.down else np.argmax(scores[still])])
            chosen, after = without[best], float(scores[best])
        return chosen, after

    def _scores(self, sets: list[list[int]]) -> FloatArray:
        chosen = np.zeros((len(sets), len(self.edits.regions)), bool)
        for row, edits in enumerate(sets):
            chosen[row, edits] = True
        return self.masks.score_crops(self.edits.composed(self.case.crop, chosen))
