"""iBUG's 68 points on the chip, each with how visible it is."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.registry import register
from mien.train.taught import N_POINTS, column
from mien.train.unified import Encoded, Wanted, masked


@register("task", "points")
class Points(nn.Module):
    """Each point is the mean place under its own attention, moved a little by the token.

    So it is found to a part of a place (integral regression), and may lie outside the chip.
    """

    n_tokens: ClassVar[int] = 1
    outputs: ClassVar[tuple[str, ...]] = ("points",)

    def __init__(
        self, dimension: int, places: int, pooled: int, size_px: int, *, weight: float = 20.0
    ) -> None:
        super().__init__()
        self.size_px, self.weight, self.scale = size_px, weight, places**-0.5
        self.query = nn.Parameter(torch.randn(N_POINTS, places) * 0.3)
        self.change = nn.Linear(dimension, 2 * places)
        self.moves = nn.Linear(dimension + pooled, N_POINTS * 2)
        self.seen = nn.Linear(dimension + pooled, N_POINTS)
        nn.init.zeros_(self.moves.weight)
        nn.init.zeros_(self.moves.bias)

    def forward(self, tokens: Tensor, encoded: Encoded) -> Tensor:
        """Return x and y in sides of the chip, and the logit of being visible, (B,68,3)."""
        # Where a point is looked for hangs on what the token saw.
        scale, shift = self.change(tokens[:, :1]).chunk(2, dim=2)
        query = self.query * (1 + scale) + shift
        height, width = encoded.places.shape[2:]
        logits = query @ encoded.places.flatten(2) * self.scale
        across = (torch.arange(width, device=query.device) + 0.5) / width
        down = (torch.arange(height, device=query.device) + 0.5) / height
        grid = torch.stack([across.repeat(height), down.repeat_interleave(width)], dim=1)
        read = torch.cat([tokens[:, 0], encoded.pooled], dim=1)
        xy = logits.softmax(dim=2) @ grid + 0.1 * self.moves(read).reshape(
            tokens.shape[0], N_POINTS, 2
        )
        return torch.cat([xy, self.seen(read)[:, :, None]], dim=2)

    def losses(self, found: Tensor, wanted: Wanted) -> tuple[Tensor, Tensor]:
        """Return mean distances (B,) in sides with visibility's cross-entropy, and where known."""
        points = wanted.landmarks[:, :N_POINTS]
        known = ~points[:, 0, 0].isnan()
        points = points.nan_to_num()
        distance = (found[:, :, :2] - points[:, :, :2] / self.size_px).norm(dim=2).mean(dim=1)
        trust = column(wanted.targets, "points").nan_to_num()
        hidden = functional.binary_cross_entropy_with_logits(
            found[:, :, 2], points[:, :, 2].clamp(0, 1), reduction="none"
        ).mean(dim=1)
        return masked(self.weight * trust * distance + 0.2 * hidden, known), known

    def finish(self, found: Tensor) -> dict[str, Tensor]:
        """Return ``points (B,68,3)``: px of the chip, and visibility 0..1."""
        xy, seen = found[:, :, :2] * self.size_px, found[:, :, 2:].sigmoid()
        return {"points": torch.cat([xy, seen], dim=2)}
