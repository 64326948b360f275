"""A small dense network whose output is a distribution over classes, trained with numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How a head is trained; ``hidden`` = 0 is multinomial logistic regression."""

    hidden: int = 128
    epochs: int = 30
    batch: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    dropout: float = 0.3
    distance_weight: float = 0.0


@dataclass(frozen=True)
class Dense:
    """Rows minus ``centre (F,)``, then layers (weight (in,out), bias (out,)) with ReLU between.

    The centre stands apart so that weights may be rounded: rows hardly differ from it.
    """

    centre: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    def logits(self, rows: Floats) -> Floats:
        """Return logits (N,C) of rows (N,F)."""
        rows = rows - self.centre
        for index, (weight, bias) in enumerate(self.layers):
            rows = (np.maximum(rows, 0) if index else rows) @ weight + bias
        return rows

    def scaled(self, factor: float) -> Dense:
        """Return the network with its logits multiplied by a factor (1 / temperature)."""
        *body, (weight, bias) = self.layers
        return Dense(self.centre, (*body, (weight * np.float32(factor), bias * np.float32(factor))))


def softmax(logits: Floats) -> Floats:
    """Return probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def train(
    rows: Floats,
    targets: Floats,
    recipe: Recipe,
    *,
    seed: int,
    places: Floats | None = None,
) -> Dense:
    """Fit rows (N,F) to distributions (N,C) by AdamW on the cross-entropy.

    ``places (C,)``: where classes lie on a scale; with it ``distance_weight`` times the distance
    between the two distributions' means is added to the loss (Gao et al. 2018).
    """
    rng = np.random.default_rng(seed)
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-3
    rows = (rows - mean) / scale
    sizes = [rows.shape[1], *([recipe.hidden] if recipe.hidden else []), targets.shape[1]]
    layers = [
        [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32), np.zeros(b, np.float32)]
        for a, b in pairwise(sizes)
    ]
    layers[-1][0] *= 0.1
    adam = _Adam([array for layer in layers for array in layer], recipe)
    steps = recipe.epochs * (len(rows) // recipe.batch)
    step = 0
    for _ in range(recipe.epochs):
        order = rng.permutation(len(rows))
        for start in range(0, len(order) - recipe.batch + 1, recipe.batch):
            chosen = order[start : start + recipe.batch]
            gradients = _gradients(layers, rows[chosen], targets[chosen], recipe, places, rng)
            adam.step(gradients, 0.5 * (1 + np.cos(np.pi * step / steps)))
            step += 1
    # The rows' scale becomes part of the first layer.
    layers[0][0] = layers[0][0] / scale[:, None]
    return Dense(mean, tuple((weight, bias) for weight, bias in layers))


def _gradients(
    layers: list[list[Floats]],
    rows: Floats,
    targets: Floats,
    recipe: Recipe,
    places: Floats | None,
    rng: np.random.Generator,
) -> list[Floats]:
    """Return the loss's gradient of each weight and bias, by back-propagation."""
    inputs, kept = [], []
    for index, (weight, bias) in enumerate(layers):
        rows = np.maximum(rows, 0) if index else rows
        dropped = rng.random(rows.shape, np.float32) < recipe.dropout
        keep = np.where(dropped, 0, 1 / (1 - recipe.dropout)).astype(np.float32)
        rows = rows * keep
        inputs.append(rows)
        kept.append(keep)
        rows = rows @ weight + bias
    probabilities = softmax(rows)
    back = probabilities - targets
    if places is not None and recipe.distance_weight:
        gap = (probabilities - targets) @ places
        pull = probabilities * (places - (probabilities @ places)[:, None])
        back = back + recipe.distance_weight * np.sign(gap)[:, None] * pull
    back = (back / np.float32(len(rows))).astype(np.float32)
    gradients: list[Floats] = []
    for index in reversed(range(len(layers))):
        gradients[:0] = [inputs[index].T @ back, back.sum(axis=0)]
        back = (back @ layers[index][0].T) * kept[index] * (inputs[index] > 0)
    return gradients


class _Adam:
    """AdamW (Loshchilov & Hutter 2019) over a list of arrays, changed in place."""

    def __init__(self, arrays: list[Floats], recipe: Recipe) -> None:
        self.arrays, self.recipe, self.count = arrays, recipe, 0
        self.first = [np.zeros_like(array) for array in arrays]
        self.second = [np.zeros_like(array) for array in arrays]

    def step(self, gradients: list[Floats], share: float) -> None:
        """Take one step at ``share`` of the learning rate; biases do not decay."""
        self.count += 1
        rate = self.recipe.learning_rate * share
        for array, gradient, first, second in zip(
            self.arrays, gradients, self.first, self.second, strict=True
        ):
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient**2 - second)
            unbiased = first / (1 - 0.9**self.count)
            size = np.sqrt(second / (1 - 0.999**self.count)) + 1e-8
            decay = self.recipe.weight_decay if array.ndim == 2 else 0.0
            array -= (rate * (unbiased / size + decay * array)).astype(array.dtype)
