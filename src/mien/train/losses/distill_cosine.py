"""Distillation of embeddings: point where the teacher points."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "distill_cosine")
class DistillCosine(nn.Module):
    """1 - cos of the student's and the teacher's vector."""

    def __init__(self, facts: LossFacts) -> None:
        super().__init__()

    def forward(self, vectors: Tensor, teacher: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) and the teacher's (B,D), of any length."""
        return 1 - functional.cosine_similarity(vectors.float(), teacher.float(), dim=1)
