"""A classifier with a trained attention that says where its classes lie: T-TAME [P111]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.explain.inside.fitting import fit, frozen, hidden_behind, seeded
from mien.explain.inside.placing import deepest_map
from mien.explain.inside.watching import Trace, images_of, watch
from mien.explain.opened import Opened
from mien.types.arrays import ByteArray

#: Weights of the three terms, and the power of the area [P111], section 4: cross-entropy of the
#: masked image, area that is seen, squared differences of neighbours.
_CROSS_ENTROPY, _AREA, _VARIATION, _POWER = 1.5, 2.0, 0.01, 0.3
#: Maps that attention is made of have at least so many units a side.
_SMALLEST_SIDE = 4


class TameModel(nn.Module):
    """The outputs are the network's own; ``attention`` says where each class lies.

    ``network``: images (N,3,h,w) 0 to 255 to class scores (N,C); it is not changed. ``layers``:
    indices of activations, maps (N,C,m,n), that attention is made of.
    """

    def __init__(self, network: nn.Module, layers: Sequence[int], widths: Sequence[int], n: int):
        super().__init__()
        self.network = frozen(network)
        self.layers = tuple(layers)
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 1), nn.BatchNorm2d(width)) for width in widths
        )
        self.fusion = nn.Conv2d(sum(widths), n, 1)

    def train(self, mode: bool = True) -> TameModel:
        """Set the mode of the attention; the network stays in evaluation mode."""
        super().train(mode)
        self.network.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Return the network's class scores (N,C)."""
        scores: Tensor = self.network(images)
        return scores

    def attention(self, images: Tensor) -> Tensor:
        """Return where each class lies (N,C,m,n), 0..1, on the largest map's grid."""
        with torch.no_grad():
            trace = watch(Opened(self.network, np.zeros(self.fusion.out_channels)), images)
        maps = [trace.activations[layer].detach() for layer in self.layers]
        size = max(one.shape[2] for one in maps), max(one.shape[3] for one in maps)
        grown = [
            functional.interpolate(functional.relu(branch(one) + one), size, mode="bilinear")
            for branch, one in zip(self.branches, maps, strict=True)
        ]
        return torch.sigmoid(self.fusion(torch.cat(grown, dim=1)))


def train_tame(
    network: nn.Module,
    crops: ByteArray,
    *,
    n_layers: int = 3,
    epochs: int = 10,
    batch: int = 32,
    rate: float = 1e-3,
    seed: int = 0,
) -> tuple[TameModel, list[float]]:
    """Train the attention of a classifier on crops (N,h,w,3) uint8; return it and its losses.

    No labels are needed: the classes are what the network says. Its last ``n_layers`` maps of
    distinct sizes are used. Raises InputError for a network without a map.
    """
    frozen(network)
    with torch.no_grad():
        said = network(images_of(crops)).argmax(dim=1)
        count = network(images_of(crops[:1])).shape[1]
    trace = watch(Opened(network, np.zeros(count)), images_of(crops[:1]))
    layers = _last_maps(trace, n_layers)
    widths = [trace.activations[layer].shape[1] for layer in layers]
    with seeded(seed):
        model = TameModel(network, layers, widths, count).train()

    def loss(images: Tensor, classes: Tensor) -> Tensor:
        rows = torch.arange(len(images))
        mask = model.attention(images)[rows, classes][:, None]
        masked = network(hidden_behind(images, mask))
        return _CROSS_ENTROPY * functional.cross_entropy(masked, classes) + _regular(mask)

    weights = [*model.branches.parameters(), *model.fusion.parameters()]
    losses = fit(
        weights, loss, crops, said.numpy(), epochs=epochs, batch=batch, rate=rate, seed=seed
    )
    return model.eval(), losses


def _regular(mask: Tensor) -> Tensor:
    """Return what keeps a mask (N,1,m,n) small and smooth."""
    area = mask.clamp(min=1e-6).pow(_POWER).mean()
    down = (mask[:, :, 1:] - mask[:, :, :-1]).pow(2).sum(dim=(1, 2, 3)).mean()
    across = (mask[:, :, :, 1:] - mask[:, :, :, :-1]).pow(2).sum(dim=(1, 2, 3)).mean()
    return _AREA * area + _VARIATION * (down + across)


def _last_maps(trace: Trace, count: int) -> list[int]:
    """Return the last activation of each of the ``count`` smallest sizes of map, in order."""
    deepest_map(trace, smallest_side=_SMALLEST_SIDE)
    last: dict[tuple[int, ...], int] = {}
    for index, activation in enumerate(trace.activations):
        if activation.ndim == 4 and min(activation.shape[2:]) >= _SMALLEST_SIDE:
            last[tuple(activation.shape[2:])] = index
    return sorted(last.values())[-count:]


def tame_model(module: nn.Module) -> TameModel:
    """Return the module as a TameModel. Raises InputError for another."""
    if not isinstance(module, TameModel):
        raise InputError(
            f"module: got {type(module).__name__}, expected a TameModel: train_tame(network, crops)"
        )
    return module
