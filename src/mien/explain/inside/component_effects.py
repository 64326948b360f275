"""Component attribution: what each channel of a network gives to a score, by ablating many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mien.errors import InputError
from mien.explain.inside.watching import images_of, score_of, watch
from mien.explain.opened import Opened
from mien.types.arrays import Array, BoolArray, ByteArray, FloatArray, IntArray

#: Ridges that are tried, relative to the number of ablations; the best by leave-one-out is taken.
_RIDGES = np.logspace(-6, 1, 15)
#: Of all ablations, how many say how well the rest predict.
HELD_OUT_SHARE = 0.2
_BATCH = 16


@dataclass(frozen=True, slots=True, eq=False)
class ComponentEffects:
    """How much the score falls when a component is taken away, others being taken away as well.

    ``effects (K,)`` float64 in units of the score, above 0 speaks for it; component k is channel
    ``channels[k]`` of activation ``layers[k]``. ``r2``: of the prediction of ``n_held_out``
    ablations that had no part in the fit of ``n_fit``; NaN where their scores do not differ.
    """

    effects: FloatArray
    layers: IntArray
    channels: IntArray
    r2: float
    n_fit: int
    n_held_out: int


def component_effects(
    opened: Opened,
    crop: ByteArray,
    *,
    layers: Sequence[int] | None = None,
    ablations: int = 1000,
    share: float = 0.1,
    seed: int | np.random.Generator = 0,
) -> ComponentEffects:
    """Ablate random subsets of channels of a crop (h,w,3), and regress the score on what was kept.

    ``layers``: indices of activations in the order of the run, all where ``None``; ``share``: of
    the components that one ablation sets to 0. Source: [P220], which uses many pictures and a
    lasso; here one picture and a ridge. Raises InputError for fewer than ten ablations.
    """
    if ablations < 10 or not 0 < share < 1:
        raise InputError(
            f"ablations, share: got {ablations}, {share}, expected 10 or more, and 0 to 1"
        )
    rng = np.random.default_rng(seed)
    activations = watch(opened, images_of(crop[None])).activations
    chosen = range(len(activations)) if layers is None else layers
    wide = {layer: _width(activations[layer]) for layer in chosen}
    kept = rng.random((ablations, sum(wide.values()))) >= share
    scores = ablated_scores(opened, crop, kept, wide)
    n_held_out = max(2, round(HELD_OUT_SHARE * ablations))
    effects, start = ridge(kept[n_held_out:], scores[n_held_out:])
    predicted = kept[:n_held_out] @ effects + start
    return ComponentEffects(
        effects=effects,
        layers=np.repeat(list(wide), list(wide.values())).astype(np.int64),
        channels=np.concatenate([np.arange(width) for width in wide.values()]),
        r2=explained_share(scores[:n_held_out], predicted),
        n_fit=ablations - n_held_out,
        n_held_out=n_held_out,
    )


def _width(activation: Tensor) -> int:
    """Return the number of channels: of maps (N,C,m,n), tokens (N,T,C) and features (N,C)."""
    return activation.shape[1 if activation.ndim == 4 else -1]


def _mask_shape(activation: Tensor) -> tuple[int, ...]:
    count, width = len(activation), _width(activation)
    shapes = {2: (count, width), 3: (count, 1, width), 4: (count, width, 1, 1)}
    return shapes[activation.ndim]


def ablated_scores(
    opened: Opened, crop: ByteArray, kept: BoolArray, wide: dict[int, int]
) -> FloatArray:
    """Return the score (n,) of a crop with only the components ``kept (n,K)`` bool.

    ``wide``: how many components each activation has, in their order.
    """
    starts = dict(zip(wide, np.cumsum([0, *wide.values()]), strict=False))
    parts = []
    for first in range(0, len(kept), _BATCH):
        rows = torch.from_numpy(kept[first : first + _BATCH].astype(np.float32))

        def edit(index: int, out: Tensor, rows: Tensor = rows) -> Tensor:
            if index not in wide:
                return out
            mask = rows[:, starts[index] : starts[index] + wide[index]]
            return out * mask.reshape(_mask_shape(out))

        images = images_of(np.repeat(crop[None], len(rows), axis=0))
        with torch.no_grad():
            outputs = watch(opened, images, edit=edit).outputs
            parts.append(score_of(opened, outputs).double().numpy())
    return np.concatenate(parts)


def ridge(kept: BoolArray, scores: FloatArray) -> tuple[FloatArray, float]:
    """Return coefficients (K,) and intercept of a ridge, its strength chosen by leave-one-out."""
    middle, mean = kept.mean(axis=0), float(scores.mean())
    centred, wanted = kept - middle, scores - mean
    left, size, right = np.linalg.svd(centred, full_matrices=False)
    rotated = left.T @ wanted
    best: tuple[float, Array] = (np.inf, np.zeros(len(size)))
    for strength in _RIDGES * len(kept):
        shrink = size**2 / (size**2 + strength)
        # Leaving a row out divides its residual by how much it did not pull the fit to itself.
        free = 1 - (left**2 @ shrink) - 1 / len(kept)
        error = float(np.mean(((wanted - left @ (shrink * rotated)) / np.maximum(free, 1e-9)) ** 2))
        if error < best[0]:
            best = (error, size / (size**2 + strength) * rotated)
    coefficients = right.T @ best[1]
    return coefficients, mean - float(middle @ coefficients)


def explained_share(scores: FloatArray, predicted: FloatArray) -> float:
    """Return R^2 = 1 - residual / total sum of squares; NaN where the scores do not differ."""
    total = float(((scores - scores.mean()) ** 2).sum())
    return 1 - float(((scores - predicted) ** 2).sum()) / total if total > 0 else float("nan")
