"""Which samples to compare: the data set's own pairs, or all pairs of its people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.data import Dataset, Pairs, Sample
from mien.data.dataset import VerificationDataset
from mien.errors import DatasetError
from mien.types.arrays import Array

#: More non-mated pairs than this are drawn at random: enough for FMR 1e-4 with 100 errors.
MOST_NON_MATED = 1_000_000


def pairs_of(
    dataset: Dataset, split: str | None, samples: Sequence[Sample], *, seed: int
) -> tuple[Pairs, str]:
    """Return the comparisons, and how they were chosen, in words.

    Raises DatasetError where the data set neither lists pairs nor says who is who.
    """
    if isinstance(dataset, VerificationDataset):
        pairs = dataset.pairs(split)
        return pairs, f"the {len(pairs):,} pairs of {dataset.title}"
    return all_pairs(samples, seed=seed)


def all_pairs(samples: Sequence[Sample], *, seed: int) -> tuple[Pairs, str]:
    """Return all mated pairs and all non-mated ones, or a million of these drawn at random."""
    people, person = subjects_of(samples)
    names = np.array([sample.sample_id for sample in samples], dtype=object)
    n = len(names)
    if len(people) < 2:
        raise DatasetError(f"got one subject, {people[0]}; comparisons need two at least")
    if n * (n - 1) // 2 <= 2 * MOST_NON_MATED:
        first, second = np.triu_indices(n, 1)
        said = f"all {len(first):,} pairs of {n:,} samples"
    else:
        mated = _mated_pairs(person)
        drawn = _drawn(person, np.random.default_rng(seed))
        first, second = np.concatenate([mated, drawn]).T
        said = (
            f"all {len(mated):,} mated pairs of {n:,} samples and {len(drawn):,} non-mated ones "
            f"drawn at random (seed {seed})"
        )
    mated = person[first] == person[second]
    zero = np.zeros(len(first), np.int64)
    return Pairs(names[first].astype(str), names[second].astype(str), mated, zero), said


def subjects_of(samples: Sequence[Sample]) -> tuple[Array, Array]:
    """Return the people's names, sorted, and the number (S,) of each sample's.

    Raises DatasetError for a sample without a subject.
    """
    nameless = next((s.sample_id for s in samples if s.subject_id is None), None)
    if nameless is not None:
        raise DatasetError(f"{nameless}: the data set does not say whom it shows")
    names, number = np.unique([str(s.subject_id) for s in samples], return_inverse=True)
    return names, number


def _mated_pairs(person: Array) -> Array:
    """Return all pairs (M,2) of rows of one person."""
    order = np.argsort(person, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(person[order])) + 1)
    parts = [np.stack(np.triu_indices(len(g), 1), axis=1) for g in groups]
    return np.concatenate([g[part] for g, part in zip(groups, parts, strict=True)])


def _drawn(person: Array, rng: np.random.Generator) -> Array:
    """Return MOST_NON_MATED distinct pairs (M,2) of rows of different people, or nearly so."""
    n = len(person)
    draws = rng.integers(0, n, (2 * MOST_NON_MATED, 2))
    draws = np.sort(draws[person[draws[:, 0]] != person[draws[:, 1]]], axis=1)
    codes = np.unique(draws[:, 0] * n + draws[:, 1])
    codes = rng.permutation(codes)[:MOST_NON_MATED]
    return np.stack([codes // n, codes % n], axis=1)
