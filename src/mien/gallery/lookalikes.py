"""New subjects that resemble one who was there before: perhaps the same person."""

from __future__ import annotations

from collections.abc import Sequence

from mien.gallery.protocol import Gallery
from mien.gallery.records import Lookalike, Outcome
from mien.types import Templates


def find_lookalikes(
    gallery: Gallery,
    templates: Templates,
    outcomes: Sequence[Outcome],
    made: Sequence[int],
    least: float,
) -> tuple[Lookalike, ...]:
    """Report for each new subject whom it resembles most, from a comparison score on."""
    new = set(made)
    rows = [row for row, outcome in enumerate(outcomes) if outcome.subject_id in new]
    best: dict[int, Lookalike] = {}
    # The new subject itself, and the one beside it.
    found = gallery.search(templates[rows], 2, policy="max")
    for row, candidates in zip(rows, found, strict=True):
        own = outcomes[row].subject_id
        assert own is not None
        for other in candidates:
            score = other.score
            if other.subject_id == own or score < least:
                continue
            if own not in best or score > best[own].score:
                best[own] = Lookalike(row, own, other.subject_id, score)
    return tuple(best.values())
