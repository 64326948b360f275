"""Attention rollout: how much of each patch reaches a transformer's output, layer after layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien.errors import InputError
from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.opened import opened_model
from mien.types.arrays import FloatArray

if TYPE_CHECKING:
    from torch import Tensor


def find(case: Case, budget: int, rng: np.random.Generator) -> Finding:
    """Return the patches' shares, at least 0: what was looked at, whatever the target.

    For transformers whose first token gathers the rest, else for the mean of all tokens; the
    attention of torch's own layers, of fused and of written-out attention is found by itself.
    Tokens before the patches may be more than one (registers).
    Source: Abnar & Zuidema, Quantifying attention flow in transformers, ACL 2020.
    """
    opened = opened_model(case, "attention_rollout")
    from mien.explain.inside.placing import finding, on_crop, stretched
    from mien.explain.inside.watching import images_of, watch

    trace = watch(opened, images_of(case.crop[None]))
    patches = rolled_out(trace.attentions, case.crop.shape[:2])
    notes = ("attention shows what the model looked at, not for which target",)
    frame = stretched(case.crop.shape[:2], patches.shape)
    signed = on_crop(patches, frame, case.crop.shape[1::-1])
    return finding(case, signed, calls=1, shares=True, notes=notes)


def rolled_out(attentions: list[Tensor], size_hw: tuple[int, ...]) -> FloatArray:
    """Return the share (m,n) of each patch in the output, from weights (1,heads,T,T) by layer.

    Every layer is half attention, mean over heads, and half the way past it. Raises InputError for
    a network without attention, or one whose tokens are no grid.
    """
    if not attentions:
        raise InputError("module: got a network without attention, expected a vision transformer")
    tokens = attentions[0].shape[-1]
    if any(one.shape[-2:] != (tokens, tokens) for one in attentions):
        shapes = sorted({tuple(one.shape[-2:]) for one in attentions})
        raise InputError(f"module: got attention of {shapes} tokens, expected as many in all")
    flow = np.eye(tokens)
    for weights in attentions:
        mean = weights[0].detach().double().mean(dim=0).numpy()
        mixed = (mean + np.eye(tokens)) / 2
        flow = mixed / mixed.sum(axis=1, keepdims=True) @ flow
    rows, columns = patch_grid(tokens, size_hw)
    before = tokens - rows * columns
    reached = flow[0] if before else flow.mean(axis=0)
    return np.asarray(reached[before:].reshape(rows, columns), np.float32)


def patch_grid(tokens: int, size_hw: tuple[int, ...]) -> tuple[int, int]:
    """Return rows and columns of the largest grid of square patches that the tokens can be.

    At most eight tokens stand before the patches. Raises InputError where none fits.
    """
    height, width = size_hw[:2]
    for count in range(tokens, max(0, tokens - 9), -1):
        rows = round((count * height / width) ** 0.5)
        if rows and count % rows == 0 and abs(rows * width - count // rows * height) < max(size_hw):
            return rows, count // rows
    raise InputError(f"module: got {tokens} tokens, expected a grid over {height} x {width} px")


register(
    Explainer(
        name="attention_rollout",
        title="Attention rollout",
        find=find,
        budget=2,
        paper="Abnar 2020",
        needs_torch="a vision transformer in torch",
    )
)
