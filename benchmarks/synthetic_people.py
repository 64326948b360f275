"""Templates of people who do not exist, with the mated and non-mated scores of a real set.

A template is mean + the person's offset + the picture's offset, put to unit length. All parts are
estimated from real templates: the offset of a new person is drawn about that of a random real one
(what its pictures leave open, then ``FRESH`` of a normal draw of the same covariance), so that the
centres keep their low effective dimension and their crowds of look-alikes; the picture's offset is
normal with the pooled covariance within people, its size different from person to person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Share of a person's variance that is new, and how much people differ in the spread of their
#: pictures (standard deviation of its logarithm); both chosen on the scores of LFW folds 1-3.
FRESH = 0.2
SPREAD = 0.17
_CHUNK = 50_000


@dataclass(frozen=True)
class Population:
    """Mean (D,), square roots (D,D) of the covariances, and the persons it was fitted on.

    ``centres (P,D)``: expected offset of each person; ``open_roots``: square root of what remains
    unknown about it, one for each number of pictures ``n_pictures (P,)``.
    """

    mean: np.ndarray
    between_root: np.ndarray
    within_root: np.ndarray
    centres: np.ndarray
    n_pictures: np.ndarray
    open_roots: dict[int, np.ndarray]


def fit(vectors: np.ndarray, subject: np.ndarray) -> Population:
    """Estimate a population from unit vectors (N,D) of ``subject (N,)``, some of them repeated."""
    person, counts = np.unique(subject, return_inverse=True, return_counts=True)[1:]
    vectors = vectors.astype(np.float64)
    means = np.zeros((len(counts), vectors.shape[1]))
    np.add.at(means, person, vectors)
    means /= counts[:, None]
    rest = vectors - means[person]
    within = rest.T @ rest / (len(vectors) - len(counts))
    mean = means.mean(axis=0)
    between = _positive(np.cov(means.T) - within * (1 / counts).mean())
    centres, roots = np.empty_like(means), {}
    for n in np.unique(counts).tolist():
        # What n pictures say of a person's offset, and what they leave open.
        gain = between @ np.linalg.inv(between + within / n)
        centres[counts == n] = (means[counts == n] - mean) @ gain.T
        roots[n] = _root(between - gain @ between)
    return Population(mean, _root(between), _root(within), centres, counts, roots)


def draw(
    population: Population, n_people: int, n_pictures: int, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return unit vectors (N,D) float32 of new people, shuffled, and whose they are (N,)."""
    rng = np.random.default_rng(seed)
    picked = rng.integers(0, len(population.centres), n_people)
    offsets = population.centres[picked]
    dimension = offsets.shape[1]
    for n, root in population.open_roots.items():
        rows = np.flatnonzero(population.n_pictures[picked] == n)
        offsets[rows] += rng.standard_normal((len(rows), dimension)) @ root
    fresh = rng.standard_normal((n_people, dimension)) @ population.between_root
    offsets = np.sqrt(1 - FRESH) * offsets + np.sqrt(FRESH) * fresh + population.mean
    spread = np.exp(SPREAD * rng.standard_normal(n_people) - SPREAD**2)
    subject = rng.permutation(np.repeat(np.arange(n_people), n_pictures))
    vectors = np.empty((len(subject), dimension), np.float32)
    for start in range(0, len(subject), _CHUNK):
        who = subject[start : start + _CHUNK]
        made = rng.standard_normal((len(who), dimension)) @ population.within_root
        made = offsets[who] + spread[who, None] * made
        vectors[start : start + _CHUNK] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return vectors, subject


def score_quantiles(
    vectors: np.ndarray, subject: np.ndarray, levels: np.ndarray, *, most: int = 2400
) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Return the mated and the non-mated scores' quantiles (L,), and how many there are of each.

    Among the templates of so many first people that they have at most ``most``.
    """
    counts = np.bincount(subject)
    kept = np.flatnonzero(np.isin(subject, np.flatnonzero(np.cumsum(counts) <= most)))
    scores = vectors[kept] @ vectors[kept].T
    left, right = np.triu_indices(len(kept), 1)
    values = scores[left, right]
    mated = subject[kept[left]] == subject[kept[right]]
    found = [np.quantile(values[side], levels) for side in (mated, ~mated)]
    return found[0], found[1], int(mated.sum()), int((~mated).sum())


def _root(covariance: np.ndarray) -> np.ndarray:
    values, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.sqrt(values.clip(0))[:, None] * axes.T


def _positive(covariance: np.ndarray) -> np.ndarray:
    root = _root(covariance)
    return root.T @ root
