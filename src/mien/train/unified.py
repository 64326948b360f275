"""Encoder, decoder and tasks as one module: many outputs from one forward run, partial labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.train.registry import Part, build, known


@dataclass(frozen=True, slots=True)
class Encoded:
    """What tasks read: their tokens, the places of the picture, and the encoder's pooled levels.

    ``tokens (B,T,D)``; ``places (B,P,h,w)``, fine and decoded; ``pooled (B,F)``; ``deepest
    (B,256)``, what the recogniser reads.
    """

    tokens: Tensor
    places: Tensor
    pooled: Tensor
    deepest: Tensor


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of a batch: numbers (B,WIDTH), points (B,73,3) px, regions (B,1,H,W)."""

    targets: Tensor
    landmarks: Tensor
    masks: Tensor


class UnifiedLearner(nn.Module):
    """``forward`` gives the losses of a batch (B,), ``predict`` every task's outputs by name."""

    def __init__(
        self, backbone: nn.Module, decoder: nn.Module, tasks: Mapping[str, nn.Module]
    ) -> None:
        super().__init__()
        self.backbone, self.head = backbone, nn.ModuleDict({"decoder": decoder, **tasks})
        self.names = tuple(tasks)
        # Kendall et al. 2018: each task's uncertainty is learned and divides its loss.
        self.loss = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in tasks})

    def encoded(self, inputs: Tensor) -> Encoded:
        """Return what tasks read of inputs (B,3,H,W) float32 0..255."""
        levels: Any = self.backbone
        found: Encoded = self.head["decoder"](levels.levels(inputs))
        return found

    def predict(self, inputs: Tensor) -> dict[str, Tensor]:
        """Return what each task's loss reads."""
        encoded, first, found = self.encoded(inputs), 0, {}
        for name in self.names:
            task: Any = self.head[name]
            tokens = encoded.tokens[:, first : first + task.n_tokens]
            found[name] = task(tokens, encoded)
            first += task.n_tokens
        return found

    def finish(self, predictions: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the exported outputs of all tasks by name, of what they predicted."""
        found: dict[str, Tensor] = {}
        for name, prediction in predictions.items():
            found |= cast(Any, self.head[name]).finish(prediction)
        return found

    def outputs(self, inputs: Tensor) -> dict[str, Tensor]:
        """Return the exported outputs of all tasks by name, of inputs."""
        return self.finish(self.predict(inputs))

    def forward(self, inputs: Tensor, targets: Tensor, landmarks: Tensor, masks: Tensor) -> Tensor:
        """Return the loss of each example (B,): of all tasks that it says something about."""
        wanted = Wanted(targets, landmarks, masks)
        total = inputs.new_zeros(len(inputs))
        for name, prediction in self.predict(inputs).items():
            with torch.autocast(inputs.device.type, enabled=False):
                values, known = cast(Any, self.head[name]).losses(prediction.float(), wanted)
            share = known.float() * (len(known) / known.sum().clamp_min(1))
            uncertainty = self.loss[name]
            told = known.any().float()
            total = total + torch.exp(-uncertainty) * values * share + told * uncertainty / 2
        return total


def build_unified(
    backbone: nn.Module, decoder: Part, tasks: Sequence[Part], size_px: int
) -> UnifiedLearner:
    """Put encoder, decoder and tasks together; the decoder has the tokens that tasks read."""
    kinds: Any = known("task")
    unknown = sorted({task.name for task in tasks} - set(kinds))
    if unknown:
        raise InputError(f"task: got {', '.join(unknown)}, expected some of {', '.join(kinds)}")
    count = sum(kinds[task.name].n_tokens for task in tasks)
    made: Any = build("decoder", decoder, cast(Any, backbone).widths, count, size_px)
    heads = {
        task.name: build("task", task, made.dimension, made.places, made.pooled, size_px)
        for task in tasks
    }
    return UnifiedLearner(backbone, made, heads)


def masked(values: Tensor, known: Tensor) -> Tensor:
    """Return losses (B,) with 0 where nothing is known, whatever stands there."""
    return torch.where(known, values, torch.zeros_like(values))
