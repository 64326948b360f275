"""Grad-CAM: channels of a deep map, each weighed by how the score changes with it."""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.opened import opened_model


def find(case: Case, budget: int, rng: np.random.Generator) -> Finding:
    """Return the map, signed: not cut at 0, so that what speaks against is seen too.

    Ours, as captum brings matplotlib along, has no Grad-CAM++ and stretches maps over the crop
    instead of putting units where they look; it is the oracle in the tests.
    Source: Selvaraju et al., Grad-CAM, ICCV 2017.
    """
    opened = opened_model(case, "grad_cam")
    import torch

    from mien.explain.inside.placing import finding, map_layer, on_crop
    from mien.explain.inside.watching import images_of, score_of, watch

    trace = watch(opened, images_of(case.crop[None]))
    layer, frame = map_layer(trace)
    (gradient,) = torch.autograd.grad(score_of(opened, trace.outputs).sum(), layer)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    units = (weights * layer).sum(dim=1)[0].detach().numpy()
    return finding(case, on_crop(units, frame, case.crop.shape[1::-1]), calls=1)


register(
    Explainer(
        name="grad_cam",
        title="Grad-CAM",
        find=find,
        budget=2,
        paper="Selvaraju 2017",
        needs_torch="a torch model with a convolutional map",
    )
)
