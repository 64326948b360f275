"""Scored pairs of pictures with subjects and quality: what calibration is fitted and tested on."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.lfw_templates import LfwTemplates
from benchmarks.accuracy.quality_samples import FIT, Samples, mixed, samples
from mien.tasks.quality_scores import fitted, unified_score

#: Non-mated pairs of a set, at most, where quality is fitted; and mated pairs a subject.
MOST_NON_MATED = 150_000
MOST_MATED = 60
#: Share of the pictures that are degraded where quality is fitted.
DEGRADED = 0.5


@dataclass(frozen=True)
class ScoredPairs:
    """``score (P,)``, ``mated (P,)``, subjects ``left`` and ``right (P,)`` from 0.

    ``quality (P,)`` of the worse picture, ``stratum (P,)``: kind of the worse picture; zeros where
    not asked for.
    """

    score: np.ndarray
    mated: np.ndarray
    left: np.ndarray
    right: np.ndarray
    quality: np.ndarray
    stratum: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> ScoredPairs:
        return ScoredPairs(*(getattr(self, item.name)[rows] for item in fields(self)))

    @property
    def n_subjects(self) -> int:
        return int(max(self.left.max(), self.right.max())) + 1


def all_scored_pairs(templates: LfwTemplates, folds: tuple[int, ...]) -> ScoredPairs:
    """Return all pairs among the detected pictures of some folds of LFW."""
    chosen = templates.pictures_of_folds(folds)
    chosen = chosen[templates.found[chosen]]
    people = np.array([name.split("/")[0] for name in templates.names[chosen]])
    return _pairs(templates.vectors[chosen], people, None, None)


def sample_pairs(found: Samples, *, thinned: bool = False, seed: int = 0) -> ScoredPairs:
    """Return all pairs among analysed pictures, or at most MOST_MATED and MOST_NON_MATED."""
    quality = unified_score(np.asarray(found.components, np.float32), fitted())
    pairs = _pairs(found.vectors, found.subject, quality, found.kind)
    return _thinned(pairs, seed) if thinned else pairs


def quality_pairs(data: Path) -> ScoredPairs:
    """Return pairs of the fitting parts of LFW and CelebA, half of the pictures degraded."""
    parts = []
    for name in ("lfw", "celeba"):
        clean, worse = (samples(data, name, FIT, worse=w) for w in (False, True))
        parts.append(sample_pairs(mixed(clean, worse, share=DEGRADED), thinned=True))
    return joined(*parts)


def joined(first: ScoredPairs, second: ScoredPairs) -> ScoredPairs:
    """Return the pairs of two sets of different people and kinds of pictures."""
    shift, kinds = first.n_subjects, int(first.stratum.max()) + 1
    second = replace(
        second,
        left=second.left + shift,
        right=second.right + shift,
        stratum=second.stratum + kinds,
    )
    columns = [(getattr(first, f.name), getattr(second, f.name)) for f in fields(ScoredPairs)]
    return ScoredPairs(*(np.concatenate(column) for column in columns))


def _pairs(
    vectors: np.ndarray, people: np.ndarray, quality: np.ndarray | None, kind: np.ndarray | None
) -> ScoredPairs:
    vectors = np.asarray(vectors, np.float32)
    first, second = np.triu_indices(len(vectors), 1)
    score = (vectors @ vectors.T)[first, second]
    _, subject = np.unique(people.astype(str), return_inverse=True)
    left, right = subject[first], subject[second]
    if quality is None or kind is None:
        nothing = np.zeros(len(score))
        return ScoredPairs(score, left == right, left, right, nothing, nothing.astype(np.int64))
    _, number = np.unique(kind.astype(str), return_inverse=True)
    worse = np.where(quality[first] <= quality[second], first, second)
    return ScoredPairs(score, left == right, left, right, quality[worse], number[worse])


def _thinned(pairs: ScoredPairs, seed: int) -> ScoredPairs:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pairs.score))
    mated = order[pairs.mated[order]]
    ranked = mated[np.argsort(pairs.left[mated], kind="stable")]
    subject = pairs.left[ranked]
    place = np.arange(len(ranked)) - np.searchsorted(subject, subject)
    apart = order[~pairs.mated[order]][:MOST_NON_MATED]
    return pairs[np.sort(np.concatenate([ranked[place < MOST_MATED], apart]))]
