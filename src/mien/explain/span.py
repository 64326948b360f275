"""Span: how much of what tells two templates apart lies where changing one region moves a template.

Hiding a part that matters much for everything (the nose) moves a template far in every direction,
so also in the one that is asked for. Here each region is hidden in several ways, and what counts is
which share of the direction lies in the span of the moves, however long they are.
"""

from __future__ import annotations

import cv2
import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.masking import FILLS, in_batches, soft_areas
from mien.types.arrays import Array, ByteArray, FloatArray

#: Standard deviation, in shares of the crop's side, of a blur that takes details alone.
_MILD = 1 / 30
#: How much of their mean square is added to the moves' products: moves are alike, and noisy.
_RIDGE = 0.1
_SCALAR = "the score is no product with a template: a region has the mean of what hiding it loses"


def find(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Embed the crop without each of its regions, hidden in as many ways as the budget takes.

    A region's score is the squared length of the direction's part in the span of its moves (for
    two templates out of that of their difference, by which the two score apart); it is below 0
    where the score rises in whichever way the region is hidden. Each pixel has its region's score.
    """
    present = np.flatnonzero(np.bincount(case.labels.ravel()))
    hidden = _ways(case.crop)[: (budget - 1) // len(present)]
    areas = soft_areas(case.labels, len(case.regions)).reshape(-1, *case.labels.shape)
    crops = [case.crop, *(_without(case.crop, h, areas[r]) for h in hidden for r in present)]
    vectors, direction = _seen(case, np.stack(crops))
    moves = (vectors[0] - vectors[1:]).reshape(len(hidden), len(present), -1)
    scores = np.zeros(len(case.regions), np.float32)
    scores[present] = [_reach(moves[:, place], direction) for place in range(len(present))]
    notes = () if case.direction is not None else (_SCALAR,)
    base = float(vectors[0] @ direction)
    return Finding(base, scores[case.labels], scores, len(crops), notes=notes)


def _ways(crop: ByteArray) -> list[ByteArray]:
    """Return what the crop looks like with everything hidden, in each way."""
    sigma = _MILD * max(crop.shape[:2])
    mild = cv2.GaussianBlur(crop, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return [*(hide(crop) for hide in FILLS.values()), np.asarray(mild, np.uint8)]


def _without(crop: ByteArray, hidden: ByteArray, area: FloatArray) -> ByteArray:
    return np.asarray(cv2.blendLinear(crop, hidden, 1 - area, area), np.uint8)


def _seen(case: Case, crops: ByteArray) -> tuple[Array, Array]:
    """Return vectors (N,D) of crops, and the direction (D,): their product is the score."""
    count = len(crops)
    if case.direction is None or case.embed is None:
        scores = in_batches(case.score, count, lambda rows: crops[rows], threads=case.threads)
        return scores[:, None].astype(np.float64), np.ones(1)
    vectors = in_batches(case.embed, count, lambda rows: crops[rows], threads=case.threads)
    return vectors.astype(np.float64), np.asarray(case.direction, np.float64)


def _reach(moves: Array, direction: Array) -> float:
    """Return the score of a region from its moves (K,D)."""
    along = moves @ direction
    if len(direction) == 1:
        return float(along.mean())
    products = moves @ moves.T
    products += (_RIDGE * np.trace(products) / len(moves) + 1e-9) * np.eye(len(moves))
    reach = float(along @ np.linalg.solve(products, along))
    return -reach if (along < 0).all() else reach


register(
    Explainer(
        name="span",
        title="Share of the difference that a region's changes span",
        find=find,
        budget=53,
        smallest_budget=14,
    )
)
