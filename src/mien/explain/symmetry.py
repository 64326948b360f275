"""Symmetry: does each half of a face, mirrored to a whole one, give the same score [P131]?"""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.masking import FILLS, Masks
from mien.explain.spreading import by_region
from mien.types.arrays import BoolArray, ByteArray

_PAIRED = ("eye", "brow", "cheek")


def find(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Score four crops: whole, hidden, and each half with its own mirror image beside it.

    Two players, the halves: each is given its Shapley value, spread evenly over its pixels.
    """
    masks = Masks(case, budget)
    left = left_half(case)
    crops = (case.crop, FILLS[case.fill](case.crop), folded(case, left), folded(case, ~left))
    whole, nothing, of_left, of_right = masks.score_crops(np.stack(crops)).tolist()
    gives_left = (of_left - nothing + whole - of_right) / 2
    gives_right = (of_right - nothing + whole - of_left) / 2
    share = left.mean()
    density = np.where(
        left, gives_left / max(share, 1e-9), gives_right / max(1 - share, 1e-9)
    ).astype(np.float32)
    return Finding(
        whole,
        density,
        by_region(density, case.labels, len(case.regions)),
        masks.calls,
        notes=(
            f"the subject's left half alone scores {of_left:.4f}, the right half {of_right:.4f}: "
            f"they differ by {abs(of_left - of_right):.4f}",
        ),
    )


def left_half(case: Case) -> BoolArray:
    """Return which pixels (h,w) lie on the subject's left: right of the middle of paired parts."""
    columns = np.arange(case.labels.shape[1]) + 0.5
    return np.broadcast_to(columns > _middle(case), case.labels.shape)


def folded(case: Case, kept: BoolArray) -> ByteArray:
    """Return the crop with what is not ``kept`` replaced by the mirror image of what is."""
    width = case.labels.shape[1]
    mirrored = np.floor(2 * _middle(case) - np.arange(width) - 0.5).astype(int)
    there = np.clip(mirrored, 0, width - 1)
    return np.where(kept[..., None], case.crop, case.crop[:, there])


def _middle(case: Case) -> float:
    """Return the column, in px, half way between the parts that come in pairs."""
    middles = []
    for part in _PAIRED:
        names = [f"{side}_{part}" for side in ("left", "right")]
        if not set(names) <= set(case.regions):
            continue
        places = [np.nonzero(case.labels == case.regions.index(name))[1] for name in names]
        if all(len(place) for place in places):
            middles.append(float(np.mean([place.mean() + 0.5 for place in places])))
    return float(np.mean(middles)) if middles else case.labels.shape[1] / 2


register(
    Explainer(
        name="symmetry",
        title="Agreement of the two halves of a face",
        find=find,
        budget=4,
        paper="P131",
        smallest_budget=4,
    )
)
