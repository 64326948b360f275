"""Selector and predictor (COMET): what a classifier selects of a crop before it classifies."""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.opened import opened_model


def find(case: Case, budget: int, rng: np.random.Generator) -> Finding:
    """Return what is selected, at least 0, for all classes alike.

    True by construction: the score depends on nothing else. Source: [P106].
    """
    opened = opened_model(case, "selector")
    import torch

    from mien.explain.inside.placing import finding, on_crop, stretched
    from mien.explain.inside.selector_model import selector_model
    from mien.explain.inside.watching import images_of

    model = selector_model(opened.module)
    with torch.no_grad():
        units = model.selector(images_of(case.crop[None]))[0, 0].numpy()
    notes = (f"the score depends on the selected {units.mean():.0%} of the crop alone",)
    frame = stretched(case.crop.shape[:2], units.shape)
    signed = on_crop(units, frame, case.crop.shape[1::-1])
    return finding(case, signed, calls=1, shares=True, notes=notes)


register(
    Explainer(
        name="selector",
        title="Selector and predictor (COMET)",
        find=find,
        budget=2,
        paper="P106",
        needs_torch="a classifier that train_selector has trained",
    )
)
