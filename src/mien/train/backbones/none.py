"""No backbone: rows are features already."""

from __future__ import annotations

from torch import Tensor, nn

from mien.errors import InputError
from mien.train.registry import register


@register("backbone", "none")
class NoBackbone(nn.Module):
    """Gives rows (B,F) on as they are."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        if len(shape) != 1:
            raise InputError(f"backbone none: got inputs of shape {shape}, expected rows (F,)")
        (self.width,) = shape

    def forward(self, rows: Tensor) -> Tensor:
        """Return the rows."""
        return rows
