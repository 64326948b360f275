"""Links that also ask the neighbours: two faces of one person have the same neighbours.

Structure space and adaptive neighbour discovery after [P123], without its learned parts: the
quality of a neighbourhood, which a network predicts there, follows here from calibrated
probabilities in closed form.
"""

from __future__ import annotations

import numpy as np

from mien.recognition.links import BLOCK
from mien.recognition.neighbours import Neighbours
from mien.types.arrays import Array, FloatArray

#: Weight of the shared neighbours beside the pair's own probability; with CUT of cluster.py the
#: choice of LFW folds 1-3 and CelebA even ids.
SHARED_WEIGHT = 0.75


def structure_strength(near: Neighbours, probability: FloatArray) -> FloatArray:
    """Return the strength (N,k) of the links: shared neighbours blended with probability.

    ``probability (N,k)`` that each neighbour is mated.
    """
    weights = np.empty_like(probability)
    for start in range(0, len(probability), BLOCK):
        weights[start : start + BLOCK] = adaptive(probability[start : start + BLOCK])
    strength = shared_neighbours(near, weights)
    strength *= SHARED_WEIGHT
    strength += (1 - SHARED_WEIGHT) * probability
    return strength


def adaptive(probability: FloatArray) -> FloatArray:
    """Return weights (N,k): the probabilities of those chosen as neighbours, 0 of the others.

    Of each face's candidates, best first, as many are chosen as make the expected F of the choice
    highest: precision is the mean probability of the chosen (and of the face itself), recall their
    sum over the sum of all. It ends where probability drops.
    """
    n, k = probability.shape
    order = np.argsort(-probability, axis=1, kind="stable")
    ranked = np.take_along_axis(probability, order, axis=1).astype(np.float64)
    total = 1 + np.cumsum(ranked, axis=1)
    chosen = np.arange(2, k + 2)
    # 2PR / (P + R) with P = total / chosen and R = total / (all of it).
    quality = np.hstack(
        [2 / (1 + total[:, -1:]), 2 * total / (chosen + total[:, -1:])] if k else [np.ones((n, 1))]
    )
    count = quality.argmax(axis=1)
    weights = np.zeros_like(probability)
    kept = np.where(np.arange(k) < count[:, None], ranked, 0)
    np.put_along_axis(weights, order, kept.astype(probability.dtype), axis=1)
    return weights


def shared_neighbours(near: Neighbours, weights: FloatArray) -> FloatArray:
    """Return the weighted Jaccard index (N,k) of each face's neighbourhood with its neighbours'.

    The sum over all faces of the smaller weight, over that of the larger; a face belongs to its
    own neighbourhood with weight 1.
    """
    n, k = near.index.shape
    columns = np.hstack([np.arange(n)[:, None], near.index])
    full = np.hstack([np.ones((n, 1), np.float32), weights])
    totals = full.sum(axis=1, dtype=np.float64)
    mine = np.zeros(n, np.float32)
    shared = np.zeros((n, k), np.float32)
    for row in range(n):
        mine[columns[row]] = full[row]
        others = near.index[row]
        smaller: Array = np.minimum(mine[columns[others]], full[others]).sum(axis=1)
        shared[row] = smaller / (totals[row] + totals[others] - smaller)
        mine[columns[row]] = 0
    return shared
