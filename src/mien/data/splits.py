"""Splits that keep subjects apart, and the refusal of those that do not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from mien.data.sample import Sample
from mien.errors import DatasetError, InputError


def split_by_subject(
    samples: Iterable[Sample], parts: Mapping[str, float], *, seed: int
) -> dict[str, list[Sample]]:
    """Divide samples into ``parts`` (name to share) so that nobody is in two of them.

    A subject's part is drawn by a hash of subject and seed: the same in every process, whatever
    the order and whoever else is there, so that a data set may grow. The shares are met on
    average over subjects. A sample without a subject is a subject of its own. Raises InputError
    for shares that are negative or do not add up to 1.
    """
    if not parts or min(parts.values()) < 0 or not abs(sum(parts.values()) - 1) <= 1e-9:
        raise InputError(f"parts: got {dict(parts)}, expected shares of 0..1 that add up to 1")
    divided: dict[str, list[Sample]] = {name: [] for name in parts}
    for sample in samples:
        divided[_part_of(sample, parts, seed)].append(sample)
    return divided


def hashed_part(name: str, n_parts: int) -> int:
    """Return the part 0..n_parts-1 that the SHA-1 of a name falls into: the same everywhere."""
    return int(hashlib.sha1(name.encode()).hexdigest(), 16) % n_parts


def refuse_shared_subjects(parts: Mapping[str, Iterable[str | None]]) -> None:
    """Raise DatasetError when a subject is in two of the parts (folds, splits, galleries)."""
    seen: dict[str, str] = {}
    for part, subjects in parts.items():
        for subject in {str(subject) for subject in subjects if subject is not None}:
            if subject in seen:
                raise DatasetError(
                    f"subject {subject} is in {seen[subject]} and in {part}; expected each "
                    "subject in one of them only: move all samples of a subject together"
                )
        seen |= {str(subject): part for subject in subjects if subject is not None}


def _part_of(sample: Sample, parts: Mapping[str, float], seed: int) -> str:
    # The two kinds of name cannot collide: a subject "a" is not the sample "a".
    kind = "subject" if sample.subject_id is not None else "sample"
    who = sample.subject_id if sample.subject_id is not None else sample.sample_id
    digest = hashlib.sha256(f"{seed}\0{kind}\0{who}".encode()).digest()
    draw = int.from_bytes(digest[:8], "big") / 2**64
    for name, share in parts.items():
        draw -= share
        if draw < 0:
            return name
    # Rounding of the shares' sum may leave a remainder below 1e-9.
    return max(parts, key=lambda name: parts[name])
