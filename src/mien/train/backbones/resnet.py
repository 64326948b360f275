"""A small residual network for small pictures (He et al. 2016, with pooled shortcuts)."""

from __future__ import annotations

from torch import Tensor, nn

from mien.errors import InputError
from mien.train.registry import register


def _norm(kind: str, channels: int) -> nn.Module:
    if kind not in ("batch", "group"):
        raise InputError(f"norm: got {kind!r}, expected batch or group")
    return nn.BatchNorm2d(channels) if kind == "batch" else nn.GroupNorm(8, channels)


def _step(before: int, after: int, stride: int, norm: str) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, _norm(norm, after), nn.ReLU())


class _Block(nn.Module):
    def __init__(self, before: int, after: int, stride: int, norm: str) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _step(before, after, stride, norm),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            _norm(norm, after),
        )
        self.shortcut: nn.Module = nn.Identity()
        if before != after or stride > 1:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride),
                nn.Conv2d(before, after, 1, bias=False),
                _norm(norm, after),
            )

    def forward(self, pixels: Tensor) -> Tensor:
        return nn.functional.relu(self.body(pixels) + self.shortcut(pixels))


@register("backbone", "resnet")
class ResNet(nn.Module):
    """Stages of ``blocks`` residual blocks of ``widths``, each but the first at half the size.

    ``stem_stride`` 1 keeps all of a 48 px picture. ``norm``: "batch", or "group" of 8, which does
    not depend on how a batch is divided. Colours are scaled to about -1..1.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        *,
        widths: tuple[int, ...] = (32, 64, 128, 256),
        blocks: tuple[int, ...] = (1, 2, 2, 2),
        stem_stride: int = 1,
        norm: str = "batch",
    ) -> None:
        super().__init__()
        if len(shape) != 3 or len(widths) != len(blocks):
            raise InputError(
                f"backbone resnet: got inputs {shape}, {len(widths)} widths and {len(blocks)} "
                "numbers of blocks; expected (C,H,W) and one number a width"
            )
        layers: list[nn.Module] = [_step(shape[0], widths[0], stem_stride, norm)]
        before = widths[0]
        for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
            for index in range(count):
                stride = 2 if stage and not index else 1
                layers.append(_Block(before, width, stride, norm))
                before = width
        self.layers = nn.Sequential(*layers)
        self.width = before

    def forward(self, pixels: Tensor) -> Tensor:
        """Return features (B,width), the mean over places."""
        features: Tensor = self.layers((pixels - 127.5) / 64)
        return features.mean(dim=(2, 3))
