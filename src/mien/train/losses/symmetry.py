"""Symmetry loss: the two halves of a face point the same way [P131]."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.train.loss import LossFacts
from mien.train.registry import Part, build, register

_ARCFACE = Part("arcface")


@register("loss", "symmetry")
class Symmetry(nn.Module):
    """``loss`` of the whole face, plus ``weight`` · f · |a - b|² of its halves' unit vectors a, b.

    Learns with the backbone ``halves``. The paper adds the disparity of both halves' embeddings for
    faces that are frontal; its summary leaves the distance open: the squared one is taken. f in
    0..1, how frontal a face is, is the second column of the targets; 1 where they have none.
    """

    def __init__(self, facts: LossFacts, *, loss: Part = _ARCFACE, weight: float = 1.0) -> None:
        super().__init__()
        self.loss: Any = build("loss", loss, facts)
        self.weight = weight

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of vectors (B,3,D), whole and halves, and classes (B,) or (B,2) with f."""
        if vectors.ndim != 3 or vectors.shape[1] != 3:
            raise InputError(
                f"loss symmetry: got predictions {tuple(vectors.shape)}, expected (B,3,D) of the "
                'whole face and its halves: backbone=part("halves", backbone=part(...))'
            )
        frontal: Tensor | float = 1.0
        if targets.ndim == 2:
            targets, frontal = targets[:, 0].long(), targets[:, 1].float()
        whole: Tensor = self.loss(vectors[:, 0], targets)
        halves = functional.normalize(vectors[:, 1:].float(), dim=2)
        gap = (halves[:, 0] - halves[:, 1]).square().sum(dim=1)
        return whole + self.weight * frontal * gap
