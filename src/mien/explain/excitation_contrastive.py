"""Contrastive excitation back-propagation: the winners for the target less those against it."""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.excitation import SIDE
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.opened import opened_model
from mien.types.arrays import FloatArray

#: Winners that together have this share of the probability, from the weakest, are left out.
TRUNCATED_SHARE = 0.2


def find(case: Case, budget: int, rng: np.random.Generator) -> Finding:
    """Return the difference, signed.

    With a contrast (a non-mate's template) its winners are taken away; without one, the winners of
    what lowers the score: the direction of the score's gradient, negated. Truncated: only where
    the target's own winners are among those with 80 % of its probability. Source: [P125] 3.2,
    which cuts the difference at 0; without a contrast Zhang et al., IJCV 2018, 3.4.
    """
    opened = opened_model(case, "excitation_contrastive")
    from mien.explain.inside.excitation import excite, score_direction
    from mien.explain.inside.placing import finding, on_crop
    from mien.explain.inside.watching import images_of

    excited = excite(opened, images_of(case.crop[None]), smallest_side=SIDE)
    if opened.contrast is None:
        direction = score_direction(opened, excited.trace.outputs)
        speaks_for, against = excited.winners(direction), excited.winners(-direction)
    else:
        speaks_for, against = excited.winners(opened.target), excited.winners(opened.contrast)
    units = truncated_difference(speaks_for, against).sum(axis=0)
    return finding(
        case, on_crop(units, excited.frame, case.crop.shape[1::-1]), calls=1, shares=True
    )


def truncated_difference(
    speaks_for: FloatArray, against: FloatArray, *, share: float = TRUNCATED_SHARE
) -> FloatArray:
    """Return for - against where ``for`` is among the strongest with 1 - share of its sum, else 0.

    A unit is kept where the sum of itself and of all that are weaker reaches the share.
    """
    flat = speaks_for.ravel()
    order = np.argsort(flat, kind="stable")
    reached = np.cumsum(flat[order])
    kept = np.zeros(flat.shape, bool)
    kept[order] = reached >= share * reached[-1]
    return np.where(kept.reshape(speaks_for.shape), speaks_for - against, 0).astype(np.float32)


register(
    Explainer(
        name="excitation_contrastive",
        title="Truncated contrastive excitation back-propagation",
        find=find,
        budget=2,
        paper="P125",
        needs_torch="a torch model of convolutions, ReLU, poolings and sums",
    )
)
