"""The one face that counts in each sample, and its template."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mien.errors import NoFaceError
from mien.recognition.compare import pair_scores
from mien.recognition.verify import Choose, chosen_row, with_quality
from mien.types import Analysis, Templates
from mien.types.arrays import Array, BoolArray, IntArray

_BLOCK = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """``templates`` of the samples with a face; ``row (S,)`` of each sample there, -1 without."""

    templates: Templates
    row: IntArray

    @property
    def found(self) -> BoolArray:
        """Which samples (S,) have a template."""
        found: BoolArray = self.row >= 0
        return found


def probes_of(analyses: Iterable[Analysis], *, choose: Choose) -> Probes:
    """Return the template of the chosen face of each sample.

    A sample that could not be read, or without a face, has none. Raises NoFaceError where no
    sample has a face.
    """
    rows: list[int] = []
    parts: list[Templates] = []
    for analysis in analyses:
        if not len(analysis.found) or analysis.templates is None:
            rows.append(-1)
            continue
        rows.append(len(parts))
        templates = with_quality(analysis.templates, analysis.found)
        parts.append(templates[[chosen_row(analysis.found, choose)]])
    if not parts:
        raise NoFaceError(f"none of {len(rows)} samples has a face that was found")
    return Probes(Templates.concatenate(parts), np.array(rows, np.int64))


def scores_of(probes: Probes, first: Array, second: Array) -> tuple[Array, BoolArray]:
    """Return the score (P,) float64 of samples ``first`` and ``second (P,)``, and if it is one.

    NaN where one of the two has no template.
    """
    left, right = probes.row[first], probes.row[second]
    usable = (left >= 0) & (right >= 0)
    scores = np.full(len(usable), np.nan)
    places = np.flatnonzero(usable)
    for start in range(0, len(places), _BLOCK):
        part = places[start : start + _BLOCK]
        scores[part] = pair_scores(probes.templates[left[part]], probes.templates[right[part]])
    return scores, usable
