"""Occlusion: hide one region at a time; what the score loses is what the region gives."""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.masking import Masks
from mien.explain.spreading import over_regions


def find(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Score the crop without each of its regions, and whole."""
    masks = Masks(case, budget)
    present = masks.present()
    kept = np.ones((len(present) + 1, len(case.regions)), bool)
    kept[1 + np.arange(len(present)), present] = False
    whole, *without = masks.score_regions(kept)
    scores = np.zeros(len(case.regions), np.float32)
    scores[present] = whole - np.array(without, np.float32)
    return Finding(float(whole), over_regions(scores, case.labels), scores, masks.calls)


register(
    Explainer(
        name="occlusion",
        title="Occlusion by region",
        find=find,
        budget=32,
        paper="Zeiler & Fergus 2014",
        smallest_budget=14,
    )
)
