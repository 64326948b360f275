"""One batch as the network sees it, and the protocol of what changes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mien.train.examples import Examples
from mien.types.arrays import IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """``inputs (B,C,H,W) float32 0..255``, or rows ``(B,F) float32``, with ``targets (B,...)``.

    ``landmarks (B,K,2|3) float32 px``, the third how visible each is, and ``masks (B,1,H,W)
    float32`` lie on the inputs' pixels.
    """

    inputs: Tensor
    targets: Tensor
    landmarks: Tensor | None = None
    masks: Tensor | None = None

    def __len__(self) -> int:
        """How many examples."""
        return len(self.inputs)

    def parts(self) -> tuple[Tensor | None, ...]:
        """Return what a learner's ``forward`` takes."""
        return self.inputs, self.targets, self.landmarks, self.masks

    def with_pixels(self, inputs: Tensor) -> Batch:
        """Return the batch with other pixels that lie where the old ones did."""
        return replace(self, inputs=inputs)


class Augmentation(Protocol):
    """A random change of a batch, in two steps so that it does not depend on how work is divided.

    Numbers are drawn for the whole batch of an update; each process applies its own rows of them.
    """

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Return random numbers (count,P) float32."""
        ...

    def __call__(self, batch: Batch, drawn: Tensor) -> Batch:
        """Return the batch changed by its rows (B,P) of what was drawn."""
        ...


def gather(examples: Examples, rows: IntArray) -> Batch:
    """Return these examples as a batch."""
    taken = examples.take(rows)
    inputs = torch.from_numpy(np.ascontiguousarray(taken.inputs)).float()
    if inputs.ndim == 4:
        inputs = inputs.permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
    masks = None if taken.masks is None else torch.from_numpy(taken.masks).float()[:, None]
    points = None if taken.landmarks is None else torch.from_numpy(taken.landmarks).float()
    return Batch(inputs, torch.from_numpy(taken.targets), points, masks)


def draw_all(
    augmentations: Sequence[Augmentation], count: int, generator: torch.Generator
) -> list[Tensor]:
    """Draw the numbers of all augmentations for a whole batch."""
    return [augmentation.draw(count, generator) for augmentation in augmentations]


def change(
    batch: Batch, augmentations: Sequence[Augmentation], drawn: Sequence[Tensor], rows: slice
) -> Batch:
    """Apply all augmentations in order, with those ``rows`` of what was drawn that are its own."""
    for augmentation, numbers in zip(augmentations, drawn, strict=True):
        batch = augmentation(batch, numbers[rows])
    return batch
