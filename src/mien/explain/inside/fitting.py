"""The one loop by which the small parts that explain are trained: seeded, shuffled, Adam."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from mien.errors import InputError
from mien.explain.inside.watching import images_of
from mien.types.arrays import ByteArray, IntArray

_LOG = logging.getLogger(__name__)
_GREY = 128.0
#: Images (B,3,h,w) and their classes (B,) to a loss.
Loss = Callable[[Tensor, Tensor], Tensor]


def fit(
    weights: Iterable[nn.Parameter],
    loss: Loss,
    crops: ByteArray,
    classes: IntArray,
    *,
    epochs: int,
    batch: int = 32,
    rate: float = 1e-3,
    seed: int = 0,
) -> list[float]:
    """Lower a loss over crops (N,h,w,3) uint8 and their classes (N,); return its mean by epoch.

    Only ``weights`` are changed. A last batch of one is left out: batch statistics need two.
    Raises InputError for fewer than two crops.
    """
    if len(crops) != len(classes) or len(crops) < 2:
        raise InputError(
            f"crops, classes: got {len(crops)} and {len(classes)}, expected as many, two or more"
        )
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(list(weights), lr=rate)
    labels, means = torch.tensor(classes), []
    for epoch in range(epochs):
        losses = []
        for rows in torch.split(torch.randperm(len(crops), generator=generator), batch):
            if len(rows) < 2:
                continue
            value = loss(images_of(crops[rows.numpy()]), labels[rows])
            optimiser.zero_grad()
            torch.autograd.backward(value)
            optimiser.step()
            losses.append(value.item())
        means.append(sum(losses) / len(losses))
        _LOG.info("epoch %d of %d: loss %.4f", epoch + 1, epochs, means[-1])
    return means


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let torch draw first weights from a seed, and leave its generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def frozen(module: nn.Module) -> nn.Module:
    """Return the module in evaluation mode, its weights marked as not to be changed."""
    return module.eval().requires_grad_(False)


def hidden_behind(images: Tensor, mask: Tensor) -> Tensor:
    """Return images (N,3,h,w) 0 to 255, seen as far as ``mask (N,1,m,n)`` 0..1 says, else grey.

    The same grey for all: an image's own mean would tell what is hidden. The mask is drawn to the
    size of the images, linear.
    """
    size = images.shape[2:]
    grown = nn.functional.interpolate(mask, size, mode="bilinear", align_corners=False)
    return grown * images + (1 - grown) * _GREY
