"""Component attribution: the channels of a map, each weighed by what ablating it takes away."""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.opened import opened_model


def find(case: Case, budget: int, rng: np.random.Generator) -> Finding:
    """Return the channels' activations, each scaled to its effect on the score: signed.

    The effects of the channels of the deepest map with enough units are estimated from random
    ablations; how well they predict ablations that were held out is said. Source: [P220]; where a
    component lies is ours, as in Ablation-CAM. ``component_effects`` gives the effects themselves.
    """
    opened = opened_model(case, "components")
    from mien.explain.inside.component_effects import component_effects
    from mien.explain.inside.placing import deepest_map, finding, frame_of, on_crop
    from mien.explain.inside.watching import images_of, watch

    trace = watch(opened, images_of(case.crop[None]))
    layer = deepest_map(trace)
    effects = component_effects(opened, case.crop, layers=[layer], ablations=budget - 3, seed=rng)
    maps = trace.activations[layer][0].detach().numpy()
    sums = maps.sum(axis=(1, 2))
    scale = np.where(np.abs(sums) > 1e-12, effects.effects / np.where(sums == 0, 1, sums), 0)
    units = np.tensordot(scale, maps, axes=1)
    frame = frame_of(trace.activations[layer], trace.frames[layer], trace)
    note = (
        f"effects of {len(effects.effects)} channels explain {effects.r2:.0%} (R2) of the scores "
        f"of {effects.n_held_out} held-out ablations"
    )
    return finding(
        case,
        on_crop(units.astype(np.float32), frame, case.crop.shape[1::-1]),
        calls=budget - 1,
        notes=(note,),
    )


register(
    Explainer(
        name="components",
        title="Component attribution",
        find=find,
        budget=500,
        paper="P220",
        smallest_budget=13,
        needs_torch="a torch model with a convolutional map",
    )
)
