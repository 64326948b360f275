"""Prompt-CAM: the patches that a class's own prompt looks at in a vision transformer."""

from __future__ import annotations

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.opened import opened_model


def find(case: Case, budget: int, rng: np.random.Generator) -> Finding:
    """Return the attention of the target's prompt in the last block, mean over heads, at least 0.

    The class is the target's largest entry. Source: [P112], which shows the heads one by one.
    """
    opened = opened_model(case, "prompt_cam")
    from mien.explain.attention_rollout import patch_grid
    from mien.explain.inside.placing import finding, on_crop, stretched
    from mien.explain.inside.prompt_model import prompt_model
    from mien.explain.inside.watching import images_of, watch

    model = prompt_model(opened.module)
    size_hw = case.crop.shape[:2]
    weights = watch(opened, images_of(case.crop[None])).attentions[-1][0].detach()
    count = len(model.prompts)
    grid = patch_grid(weights.shape[-1] - count, size_hw)
    looked = weights[:, int(np.argmax(opened.target)), -grid[0] * grid[1] :]
    units = looked.mean(dim=0).reshape(grid).numpy()
    notes = (f"attention of the class's prompt, mean of {len(weights)} heads",)
    signed = on_crop(units, stretched(size_hw, grid), case.crop.shape[1::-1])
    return finding(case, signed, calls=1, shares=True, notes=notes)


register(
    Explainer(
        name="prompt_cam",
        title="Prompt class attention (Prompt-CAM)",
        find=find,
        budget=2,
        paper="P112",
        needs_torch="a vision transformer whose prompts train_prompts has trained",
    )
)
