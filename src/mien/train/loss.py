"""What a loss is told when it is made, and how its values become one number."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class LossFacts:
    """``dimension`` of the predictions, number of ``classes``, examples of each class."""

    dimension: int
    classes: int
    counts: tuple[int, ...] = ()


def averaged(values: Tensor) -> Tensor:
    """Return the mean of values (B,); 0 with a gradient for an empty batch."""
    return values.sum() / max(1, len(values))


def margin_cosines(vectors: Tensor, weights: Tensor) -> Tensor:
    """Return cosines (B,C) of vectors (B,D) with class weights (C,D), in float32."""
    vectors = torch.nn.functional.normalize(vectors.float(), dim=1)
    return vectors @ torch.nn.functional.normalize(weights.float(), dim=1).T
