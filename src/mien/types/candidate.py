"""One answer of a search: a reference that the probe was compared with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reference of a gallery, ranked by its comparison score with the probe.

    ``score``: cosine similarity -1..1, or the subject's score under the policy of the search
    (``reference_id`` is then that subject's best reference). ``rank`` counts from 1; equal scores
    are ranked by reference_id. A candidate is no match: that takes a threshold.
    """

    reference_id: int
    subject_id: int
    score: float
    rank: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return asdict(self)
