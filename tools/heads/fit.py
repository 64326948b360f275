"""Fit a head and its calibration; the calibration rests on pictures that the fit did not see."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar

from mien.metrics.classification import log_loss
from mien.tasks.age import mean_and_spread
from tools.heads.mlp import Dense, Floats, Recipe, softmax, train

#: Ages that the age head tells apart; older pictures count as the last.
PLACES = np.arange(101, dtype=np.float32)
FOLDS = 4


@dataclass(frozen=True)
class Spread:
    """Standard deviation of errors: base² + (scale · the distribution's own deviation)², rooted."""

    base_years: float
    scale: float


@dataclass(frozen=True)
class Classifier:
    """A fitted head with the temperature already in its last layer."""

    network: Dense
    temperature: float


@dataclass(frozen=True)
class AgeHead:
    """A fitted head for distributions over PLACES, and how its errors spread."""

    network: Dense
    spread: Spread


def fit_classes(
    rows: Floats, classes: NDArray[np.int64], files: NDArray[np.str_], recipe: Recipe
) -> Classifier:
    """Fit a classifier to rows (N,F) and classes (N,)."""
    targets = np.eye(classes.max() + 1, dtype=np.float32)[classes]
    logits = unseen_logits(rows, targets, files, recipe)
    temperature = best_temperature(logits, classes)
    network = train(rows, targets, recipe, seed=0).scaled(1 / temperature)
    return Classifier(network, temperature)


def best_temperature(logits: Floats, classes: NDArray[np.int64]) -> float:
    """Return the temperature with the smallest log loss on logits (N,C) and classes (N,)."""

    def loss(log_temperature: float) -> float:
        return log_loss(softmax(logits / np.exp(log_temperature)), classes)

    return float(np.exp(minimize_scalar(loss, bounds=(-2, 3), method="bounded").x))


def fit_ages(rows: Floats, years: Floats, files: NDArray[np.str_], recipe: Recipe) -> AgeHead:
    """Fit a distribution over PLACES to rows (N,F) and ages (N,)."""
    targets = smoothed(years)
    unseen = softmax(unseen_logits(rows, targets, files, recipe, places=PLACES))
    mean, deviation = mean_and_spread(unseen, PLACES)
    spread = best_spread(mean - years, deviation)
    return AgeHead(train(rows, targets, recipe, seed=0, places=PLACES), spread)


def best_spread(errors: Floats, deviation: Floats) -> Spread:
    """Return the spread under which errors (N,) are likeliest, as normal with mean 0."""

    def loss(logs: NDArray[np.float64]) -> float:
        base, scale = np.exp(logs)
        variance = base**2 + (scale * deviation) ** 2
        return float((np.log(variance) + errors**2 / variance).mean())

    base, scale = np.exp(minimize(loss, [1.0, 0.0], method="Nelder-Mead").x)
    return Spread(round(float(base), 3), float(scale))


def smoothed(years: Floats, *, sigma_years: float = 2.0) -> Floats:
    """Return ages (N,) as distributions (N,101): neighbours are nearly right (Gao et al. 2017)."""
    gap = PLACES - np.minimum(years, PLACES[-1])[:, None]
    weights = np.exp(-0.5 * (gap / sigma_years) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def unseen_logits(
    rows: Floats,
    targets: Floats,
    files: NDArray[np.str_],
    recipe: Recipe,
    *,
    places: Floats | None = None,
) -> Floats:
    """Return logits (N,C) of each row by a network that was trained on the other folds."""
    fold = np.array([int(hashlib.md5(name.encode()).hexdigest(), 16) % FOLDS for name in files])
    logits = np.zeros_like(targets)
    for held in range(FOLDS):
        network = train(rows[fold != held], targets[fold != held], recipe, seed=held, places=places)
        logits[fold == held] = network.logits(rows[fold == held])
    return logits
