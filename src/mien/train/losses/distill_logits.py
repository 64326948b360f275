"""Distillation of class probabilities, softened by a temperature (Hinton et al. 2015)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from mien.train.loss import LossFacts
from mien.train.registry import register


@register("loss", "distill_logits")
class DistillLogits(nn.Module):
    """T² · KL(teacher ‖ student), both softmax of logits / ``temperature``."""

    def __init__(self, facts: LossFacts, *, temperature: float = 4.0) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, logits: Tensor, teacher: Tensor) -> Tensor:
        """Return (B,) of logits (B,C) and the teacher's logits (B,C)."""
        mine = functional.log_softmax(logits.float() / self.temperature, dim=1)
        wanted = functional.log_softmax(teacher.float() / self.temperature, dim=1)
        gap = functional.kl_div(mine, wanted, reduction="none", log_target=True).sum(dim=1)
        return self.temperature**2 * gap
