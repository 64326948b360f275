"""How near made pictures are to real ones, in features: identity, FID, KID."""

from __future__ import annotations

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import Array, FloatArray, checked, same_length


def identity_similarity(first: FloatArray, second: FloatArray) -> Array:
    """Return the cosine (N,) float64 of each pair of templates (N,D).

    Rule: higher is more alike. Ties: none. Empty: no pairs give no rows; ArrayError for a
    template of length 0.
    """
    first, second = _features(first, second)
    same_length("identity_similarity", first=len(first), second=len(second))
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    if (norms == 0).any():
        raise ArrayError("identity_similarity: got a template of length 0, expected a direction")
    cosine: Array = np.einsum("nd,nd->n", first, second) / norms
    return cosine


def frechet_distance(real: FloatArray, made: FloatArray) -> float:
    """Return FID of features (N,D) and (M,D): squared 2-Wasserstein distance of two normals.

    Biased upwards for few samples: compare only at equal n. Rule: lower is nearer, 0 for equal
    moments. Ties: none. Empty: ArrayError for fewer than two samples. Source: Heusel et al. (2017).
    """
    real, made = _features(real, made)
    _enough("frechet_distance", real, made)
    gap = float(((real.mean(axis=0) - made.mean(axis=0)) ** 2).sum())
    one, other = np.atleast_2d(np.cov(real.T)), np.atleast_2d(np.cov(made.T))
    # The trace of the root of one @ other, through a symmetric matrix with the same eigenvalues.
    values, vectors = np.linalg.eigh(one)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other @ root), 0)).sum()
    return gap + float(np.trace(one) + np.trace(other) - 2 * shared)


def kernel_distance(real: FloatArray, made: FloatArray) -> float:
    """Return KID of features (N,D) and (M,D): unbiased squared MMD, kernel (x.y / D + 1)^3.

    Over all samples at once, no subsets; may be below 0. Rule: lower is nearer. Ties: none. Empty:
    ArrayError for fewer than two samples. Source: Binkowski et al. (2018).
    """
    real, made = _features(real, made)
    _enough("kernel_distance", real, made)
    inside = sum(
        (kernel.sum() - np.trace(kernel)) / (len(x) * (len(x) - 1))
        for x, kernel in ((x, _kernel(x, x)) for x in (real, made))
    )
    return float(inside - 2 * _kernel(real, made).mean())


def kernel_distance_of_subsets(
    real: FloatArray, made: FloatArray, *, size: int = 1000, subsets: int = 100, seed: int = 0
) -> tuple[float, float]:
    """Return mean and standard deviation of KID over random subsets, as papers report it.

    Rule: lower is nearer. Ties: none. Empty: ArrayError for fewer samples than ``size``.
    """
    real, made = _features(real, made)
    if size < 2 or min(len(real), len(made)) < size:
        raise ArrayError(
            f"size: got {size} of {len(real)} and {len(made)}, expected 2 to the least"
        )
    rng = np.random.default_rng(seed)
    found = [
        kernel_distance(
            real[rng.choice(len(real), size, replace=False)],
            made[rng.choice(len(made), size, replace=False)],
        )
        for _ in range(subsets)
    ]
    return float(np.mean(found)), float(np.std(found))


def _kernel(first: Array, second: Array) -> Array:
    kernel: Array = (first @ second.T / first.shape[1] + 1) ** 3
    return kernel


def _features(first: FloatArray, second: FloatArray) -> tuple[Array, Array]:
    first = checked("first", first, ("N", "D"), dtype=np.float64)
    return first, checked("second", second, ("M", first.shape[1]), dtype=np.float64)


def _enough(name: str, *features: Array) -> None:
    fewest = min(len(part) for part in features)
    if fewest < 2:
        raise ArrayError(f"{name}: got {fewest} samples, expected at least 2 on each side")
