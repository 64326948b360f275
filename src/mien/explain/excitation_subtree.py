"""Subtree excitation back-propagation: down from the unit of each layer that moves the score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien.explain.case import Case
from mien.explain.excitation import SIDE
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.opened import Opened, opened_model
from mien.types.arrays import FloatArray

if TYPE_CHECKING:
    from torch import Tensor

    from mien.explain.inside.watching import Trace


def find(case: Case, budget: int, rng: np.random.Generator) -> Finding:
    """Return the subtrees' winners, weighed by how much their root moves the score, at least 0.

    In every layer the root is the unit whose increase raises the score most; with a contrast, the
    one whose increase lowers the contrast's similarity most and does not lower the target's. Each
    subtree is scaled to its own maximum, the weights from 0 for the least layer to 1 for the
    greatest. Source: [P125] 3.3.
    """
    opened = opened_model(case, "excitation_subtree")
    from mien.explain.inside.excitation import excite
    from mien.explain.inside.placing import finding, on_crop
    from mien.explain.inside.watching import images_of, watch

    images = images_of(case.crop[None])
    excited = excite(opened, images, smallest_side=SIDE)
    roots = _roots(opened, watch(opened, images))
    found = []
    for index, (gain, unit) in enumerate(roots):
        winning = _one_hot(excited.trace.activations[index], unit)
        tree = excited.from_units(excited.trace.activations[index], winning).sum(axis=0)
        if gain > 0 and tree.max() > 0:
            found.append((gain, tree / tree.max()))
    units = _weighed(found, excited.units.shape[2:])
    notes = (f"{len(found)} subtrees, one a layer; shows only what speaks for",)
    signed = on_crop(units, excited.frame, case.crop.shape[1::-1])
    return finding(case, signed, calls=2, shares=True, notes=notes)


def _roots(opened: Opened, trace: Trace) -> list[tuple[float, int]]:
    """Return, of every activation, the largest gain in the score by one unit, and which unit."""
    import torch

    from mien.explain.inside.watching import similarity

    scores = [similarity(opened, trace.outputs, opened.target).sum()]
    if opened.contrast is not None:
        scores.append(similarity(opened, trace.outputs, opened.contrast).sum())
    gradients = [
        torch.autograd.grad(score, trace.activations, retain_graph=True) for score in scores
    ]
    roots = []
    for row in range(len(trace.activations)):
        gain = gradients[0][row]
        if opened.contrast is not None:
            gain = (gain >= 0) * -gradients[1][row]
        roots.append((float(gain.max()), int(gain.argmax())))
    return roots


def _one_hot(activation: Tensor, unit: int) -> Tensor:
    import torch

    winning = torch.zeros(activation.numel())
    winning[unit] = 1
    return winning.reshape(activation.shape)


def _weighed(found: list[tuple[float, FloatArray]], shape: tuple[int, ...]) -> FloatArray:
    if not found:
        return np.zeros(shape, np.float32)
    gains = np.array([gain for gain, _ in found])
    span = float(np.ptp(gains))
    weights = (gains - gains.min()) / span if span > 0 else np.ones_like(gains)
    trees = np.stack([tree for _, tree in found])
    return np.asarray(np.tensordot(weights, trees, axes=1), np.float32)


register(
    Explainer(
        name="excitation_subtree",
        title="Subtree excitation back-propagation",
        find=find,
        budget=3,
        paper="P125",
        smallest_budget=3,
        needs_torch="a torch model of convolutions, ReLU, poolings and sums",
    )
)
