"""Grad-CAM++: as Grad-CAM, with weights that do not fade when the cause is seen several times."""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.opened import opened_model


def find(case: Case, budget: int, rng: np.random.Generator) -> Finding:
    """Return the map, at least 0: this method knows only what speaks for.

    The weight of a channel is the sum over units of a * relu(g), a = g^2 / (2 g^2 + g^3 sum(A)),
    with g the gradient of the score (of its exponential, as in the source: the powers follow).
    Source: Chattopadhay et al., Grad-CAM++, WACV 2018, equations 13, 19 and 20.
    """
    opened = opened_model(case, "grad_cam_plus")
    import torch

    from mien.explain.inside.placing import finding, map_layer, on_crop
    from mien.explain.inside.watching import images_of, score_of, watch

    trace = watch(opened, images_of(case.crop[None]))
    layer, frame = map_layer(trace)
    (gradient,) = torch.autograd.grad(score_of(opened, trace.outputs).sum(), layer)
    below = 2 * gradient**2 + gradient**3 * layer.sum(dim=(2, 3), keepdim=True)
    alpha = torch.where(below != 0, gradient**2 / below, torch.zeros_like(below))
    weights = (alpha * gradient.clamp(min=0)).sum(dim=(2, 3), keepdim=True)
    units = (weights * layer).sum(dim=1)[0].clamp(min=0).detach().numpy()
    notes = ("Grad-CAM++ shows only what speaks for",)
    signed = on_crop(units, frame, case.crop.shape[1::-1])
    return finding(case, signed, calls=1, shares=True, notes=notes)


register(
    Explainer(
        name="grad_cam_plus",
        title="Grad-CAM++",
        find=find,
        budget=2,
        paper="Chattopadhay 2018",
        needs_torch="a torch model with a convolutional map",
    )
)
