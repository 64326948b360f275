"""Correspondence: which part of one face meets which part of the other."""

from __future__ import annotations

import numpy as np

from mien.errors import InputError
from mien.explain.case import Case, Embedder
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.masking import FILLS, in_batches, shown_regions
from mien.explain.spreading import over_regions
from mien.types.arrays import Array, ByteArray, FloatArray


def find(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Embed both crops whole and without each region; combine all pairs without another crop.

    An entry of the matrix is what two regions give together and neither alone: the loss from
    hiding the one, less that loss where the other is hidden already. Of cosines, which are
    linear in either vector, that is the product of the two vectors' changes. A region's score is
    the sum of its row.
    """
    if case.embed is None or case.partner is None:
        raise InputError("correspondence: needs both pictures of a comparison, and their embedding")
    n = len(case.regions)
    if budget < 2 * n + 2:
        raise InputError(f"budget: got {budget}, expected {2 * n + 2} for two times {n} regions")
    mine, here = _changes(case, case.crop, case.labels, case.embed)
    other, there = _changes(case, case.partner.crop, case.partner.labels, case.embed)
    matrix = np.zeros((n, n), np.float32)
    matrix[np.ix_(here, there)] = mine[1:] @ other[1:].T
    scores = matrix.sum(axis=1)
    return Finding(
        float(mine[0] @ other[0]),
        over_regions(scores, case.labels),
        scores,
        len(mine) + len(other),
        notes=("both pictures were seen; hiding two parts is judged from hiding each",),
        correspondence=matrix,
    )


def _changes(
    case: Case, crop: ByteArray, labels: ByteArray, embed: Embedder
) -> tuple[FloatArray, Array]:
    """Return the unit vector of a crop and how hiding each region there changes it (1+P,D)."""
    present = np.flatnonzero(np.bincount(labels.ravel()))
    kept = np.ones((len(present) + 1, len(case.regions)), bool)
    kept[1 + np.arange(len(present)), present] = False
    make = shown_regions(crop, FILLS[case.fill](crop), labels, kept)
    vectors = in_batches(embed, len(kept), make, threads=case.threads).astype(np.float64)
    return np.vstack([vectors[:1], vectors[0] - vectors[1:]]), present


register(
    Explainer(
        name="correspondence",
        title="Which part of one face meets which of the other",
        find=find,
        budget=64,
        paper="ours",
        smallest_budget=28,
        needs_partner=True,
    )
)
