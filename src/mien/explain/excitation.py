"""Excitation back-propagation: the pixels that win, on the way down, what speaks for the target."""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.opened import opened_model

#: Units a side of the map on which winners are read.
SIDE = 28


def find(case: Case, budget: int, rng: np.random.Generator) -> Finding:
    """Return the winners of the target's direction, at least 0.

    Source: Zhang et al., IJCV 2018, with the template of the mate as the last layer [P125].
    """
    opened = opened_model(case, "excitation")
    from mien.explain.inside.excitation import excite
    from mien.explain.inside.placing import finding, on_crop
    from mien.explain.inside.watching import images_of

    excited = excite(opened, images_of(case.crop[None]), smallest_side=SIDE)
    units = excited.winners(opened.target).sum(axis=0)
    notes = ("excitation back-propagation shows only what speaks for",)
    signed = on_crop(units, excited.frame, case.crop.shape[1::-1])
    return finding(case, signed, calls=1, shares=True, notes=notes)


register(
    Explainer(
        name="excitation",
        title="Excitation back-propagation",
        find=find,
        budget=2,
        paper="Zhang 2018, P125",
        needs_torch="a torch model of convolutions, ReLU, poolings and sums",
    )
)
