"""Any network of timm, begun at random, or from a file of its weights."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mien.errors import InputError, MissingExtraError
from mien.train.registry import register


@register("backbone", "timm")
class Timm(nn.Module):
    """``network`` of timm without its classifier; features are what it pools.

    ``weights``: a file that torch can load as plain weights, ``None`` for a random beginning:
    nothing is fetched. Inputs are normalised as the network's own configuration says. Raises
    MissingExtraError without timm, InputError for an unknown network or a file that does not fit.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, shape: tuple[int, ...], *, network: str = "resnet18", weights: str | None = None
    ) -> None:
        super().__init__()
        timm = _timm()
        if len(shape) != 3 or network not in timm.list_models():
            near = ", ".join(timm.list_models(f"*{network[:6]}*")[:6])
            raise InputError(f"backbone timm: got inputs {shape} and {network!r}; near are {near}")
        self.network = timm.create_model(
            network, pretrained=False, num_classes=0, in_chans=shape[0]
        )
        self.width = int(getattr(self.network, "head_hidden_size", self.network.num_features))
        settings = self.network.default_cfg
        for name in ("mean", "std"):
            values = torch.tensor(settings[name])
            values = values if shape[0] == 3 else values.mean().expand(shape[0])
            self.register_buffer(name, 255 * values[:, None, None].clone(), persistent=False)
        if weights is not None:
            self._load(Path(weights))

    def forward(self, pixels: Tensor) -> Tensor:
        """Return features (B,width) of inputs 0..255."""
        features: Tensor = self.network((pixels - self.mean) / self.std)
        return features

    def _load(self, path: Path) -> None:
        try:
            state = torch.load(path, weights_only=True)
            unknown = self.network.load_state_dict(state, strict=False).missing_keys
        except Exception as error:  # torch raises a dozen types for files it cannot read
            raise InputError(f"{path}: holds no weights of this network: {error}") from error
        if unknown:
            raise InputError(f"{path}: lacks {', '.join(unknown[:3])} of this network")


def _timm() -> Any:
    try:
        return import_module("timm")
    except (ImportError, RuntimeError) as error:
        # A torchvision of another build than torch is found, and fails.
        raise MissingExtraError(
            f"backbone timm: {error}; pip install mien[timm], with a torchvision built for this "
            "torch"
        ) from error
