"""Templates and scores with known answers, without any picture."""

from __future__ import annotations

import numpy as np

from mien.types import Templates

MODEL = "toy.net@00000000"


def templates(
    n: int, *, seed: int = 0, dimension: int = 8, model_id: str = MODEL, levels: int = 0
) -> Templates:
    """Random unit vectors; with ``levels`` of few directions, so that scores tie."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(n, dimension))
    if levels:
        raw = rng.normal(size=(levels, dimension))[rng.integers(0, levels, n)]
    quality = rng.uniform(0, 100, n).astype(np.float32)
    made = Templates.from_raw(raw.astype(np.float32), model_id)
    return Templates(made.vectors, made.norm, model_id, quality)


def people(
    n_people: int, n_pictures: int, *, spread: float = 0.5, seed: int = 0, dimension: int = 16
) -> tuple[Templates, np.ndarray]:
    """Pictures of people about one direction each, and whose they are."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_people, dimension))
    subject = np.repeat(np.arange(n_people), n_pictures)
    raw = centres[subject] + spread * rng.normal(size=(len(subject), dimension))
    return Templates.from_raw(raw.astype(np.float32), MODEL), subject


def gaussian_scores(
    n_mated: int, n_non_mated: int, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Scores whose evidence -ln(1 - score) is normal: mated (2, .5), non-mated (1, .5).

    The true log-likelihood ratio is 4 * evidence - 6.
    """
    rng = np.random.default_rng(seed)
    mated = np.repeat([True, False], [n_mated, n_non_mated])
    evidence = rng.normal(np.where(mated, 2.0, 1.0), 0.5)
    return 1 - np.exp(-evidence), mated
