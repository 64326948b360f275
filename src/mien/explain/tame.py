"""Trained attention (T-TAME): a small head that has learnt where a classifier's classes lie."""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.opened import opened_model


def find(case: Case, budget: int, rng: np.random.Generator) -> Finding:
    """Return where the target's class lies, at least 0, in one run.

    The class is the target's largest entry. Source: [P111].
    """
    opened = opened_model(case, "tame")
    import torch

    from mien.explain.inside.placing import finding, on_crop, stretched
    from mien.explain.inside.tame_model import tame_model
    from mien.explain.inside.watching import images_of

    model = tame_model(opened.module)
    with torch.no_grad():
        maps = model.attention(images_of(case.crop[None]))[0]
    units = maps[int(np.argmax(opened.target))].numpy()
    frame = stretched(case.crop.shape[:2], units.shape)
    notes = ("trained attention shows only what speaks for",)
    signed = on_crop(units, frame, case.crop.shape[1::-1])
    return finding(case, signed, calls=1, shares=True, notes=notes)


register(
    Explainer(
        name="tame",
        title="Trained attention (T-TAME)",
        find=find,
        budget=2,
        paper="P111",
        needs_torch="a classifier whose attention train_tame has trained",
    )
)
