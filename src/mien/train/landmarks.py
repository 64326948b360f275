"""Landmarks as numbers that losses read: flat, in px, not a number where nothing is said."""

from __future__ import annotations

import torch
from torch import Tensor


def gaps(points: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Return points - targets (B,2K) px, 0 where unlabelled, and which are labelled.

    ``points`` (B,2K) and ``targets`` (B,K,2) or (B,2K), px of the picture; unlabelled: NaN.
    """
    targets = targets.flatten(1).float()
    known = targets.isfinite()
    # What is not chosen must not reach the graph: 0 · NaN is NaN in the gradient.
    return torch.where(known, points.float() - targets.nan_to_num(), 0.0), known


def known_mean(values: Tensor, known: Tensor) -> Tensor:
    """Return the mean (B,) of values (B,P) over what is labelled, 0 where nothing is."""
    return (values * known).sum(dim=1) / known.sum(dim=1).clamp_min(1)
