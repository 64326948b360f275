"""The landmarks, wherever they were moved, become what is learned."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from mien.train.batch import Batch
from mien.train.registry import register


@register("augmentation", "landmark_targets")
class LandmarkTargets:
    """Targets (B,K,2) px of a batch with landmarks; put it last, after what moves pixels.

    A batch without landmarks keeps its targets.
    """

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return (count,0): nothing here is random."""
        del generator
        return torch.zeros(count, 0)

    def __call__(self, batch: Batch, drawn: Tensor) -> Batch:
        """Return the batch with its landmarks as targets."""
        del drawn
        return batch if batch.landmarks is None else replace(batch, targets=batch.landmarks)
