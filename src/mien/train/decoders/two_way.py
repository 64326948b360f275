"""Task tokens and places of the picture look at each other, a few times.

Task tokens over a shared encoder and a light decoder that attends both ways [P23], attention over
the encoder's levels [P14], channel attention over pooled levels [P211].
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.train.layout import kept_in_blocks, resized
from mien.train.registry import register
from mien.train.unified import Encoded

#: Levels from here on are what tokens look at; finer ones have too many places.
_SEEN = 2
#: Sides of the grid on which places of a level are told apart, before they are fitted to it.
_GRID = 14


class _Attention(nn.Module):
    """Tokens (B|1,T,D) take from others (B,P,D); ``bias (T,P)`` is added to the logits."""

    def __init__(self, dimension: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.asks = nn.Linear(dimension, dimension)
        self.offers = nn.Linear(dimension, 2 * dimension)
        self.gives = nn.Linear(dimension, dimension)

    def forward(self, tokens: Tensor, others: Tensor, bias: Tensor | None = None) -> Tensor:
        asked = self._split(self.asks(tokens))
        keys, values = self.offers(others).chunk(2, dim=-1)
        # Written out: the fused operation has no ONNX form that keeps a free batch size.
        logits = asked @ self._split(keys).transpose(2, 3) * asked.shape[3] ** -0.5
        if bias is not None:
            logits = logits + bias
        taken = (logits.softmax(dim=3) @ self._split(values)).transpose(1, 2)
        given: Tensor = self.gives(taken.flatten(2))
        return given

    def _split(self, rows: Tensor) -> Tensor:
        shape = (rows.shape[0], rows.shape[1], self.heads, rows.shape[2] // self.heads)
        return rows.reshape(shape).transpose(1, 2)


class _Layer(nn.Module):
    def __init__(self, dimension: int, heads: int, *, both_ways: bool) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(dimension) for _ in range(5 if both_ways else 4))
        self.among = _Attention(dimension, heads)
        self.looks = _Attention(dimension, heads)
        self.thinks = nn.Sequential(
            nn.Linear(dimension, 2 * dimension), nn.GELU(), nn.Linear(2 * dimension, dimension)
        )
        self.answers = _Attention(dimension, heads) if both_ways else None

    def forward(self, tokens: Tensor, memory: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor]:
        normed = self.norms[0](tokens)
        tokens = tokens + self.among(normed, normed)
        tokens = tokens + self.looks(self.norms[1](tokens), self.norms[2](memory), bias)
        tokens = tokens + self.thinks(self.norms[3](tokens))
        if self.answers is not None:
            memory = memory + self.answers(self.norms[2](memory), self.norms[4](tokens))
        return tokens, memory


@register("decoder", "two_way")
class TwoWay(nn.Module):
    """``layers`` of attention; each of its three ideas can be left out, to see what it is worth."""

    def __init__(
        self,
        widths: Sequence[int],
        n_tokens: int,
        size_px: int,
        *,
        dimension: int = 128,
        places: int = 64,
        layers: int = 1,
        heads: int = 4,
        both_ways: bool = False,
        level_attention: bool = True,
        channel_attention: bool = True,
    ) -> None:
        super().__init__()
        del size_px
        self.dimension, self.places, self.pooled = dimension, places, sum(widths[_SEEN:])
        seen = widths[_SEEN:]
        self.tokens = nn.Parameter(torch.randn(n_tokens, dimension) * 0.02)
        self.enter = nn.ModuleList(nn.Conv2d(width, dimension, 1) for width in seen)
        self.where = nn.ParameterList(
            nn.Parameter(torch.randn(1, dimension, _GRID, _GRID) * 0.02) for _ in seen
        )
        self.preferred = nn.Parameter(torch.zeros(n_tokens, len(seen))) if level_attention else None
        self.layers = nn.ModuleList(
            _Layer(dimension, heads, both_ways=both_ways) for _ in range(layers)
        )
        self.last = nn.LayerNorm(dimension)
        self.fine = nn.ModuleList(nn.Conv2d(width, places, 1) for width in widths[: _SEEN + 1])
        self.back = nn.Conv2d(dimension, places, 1)
        self.blend = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(places, places, 3, padding=1, groups=places),
            nn.Conv2d(places, places, 1),
            nn.ReLU(),
            nn.Conv2d(places, places, 1),
        )
        self.gate = None
        if channel_attention:
            self.gate = nn.Sequential(
                nn.Linear(self.pooled, self.pooled // 4),
                nn.ReLU(),
                nn.Linear(self.pooled // 4, self.pooled),
                nn.Sigmoid(),
            )

    def forward(self, levels: Sequence[Tensor]) -> Encoded:
        """Decode an encoder's levels (B,widths[i],h,w)."""
        memory, sizes = self._memory(levels)
        bias = None
        if self.preferred is not None:
            columns = [self.preferred[:, [i]].expand(-1, n) for i, n in enumerate(sizes)]
            bias = torch.cat(columns, dim=1)
        # All faces share the tokens until they look: what they say among themselves before is the
        # same for each, and is a constant of the exported graph.
        tokens = self.tokens[None]
        for layer in self.layers:
            tokens, memory = layer(tokens, memory, bias)
        side = levels[_SEEN].shape[2:]
        decoded = (
            memory[:, : sizes[0]].transpose(1, 2).reshape(memory.shape[0], -1, side[0], side[1])
        )
        means = [level.mean(dim=(2, 3)) for level in levels[_SEEN:]]
        pooled = torch.cat(means, dim=1)
        if self.gate is not None:
            pooled = pooled * self.gate(pooled)
        return Encoded(self.last(tokens), self._places(levels, decoded), pooled, means[-1])

    def _memory(self, levels: Sequence[Tensor]) -> tuple[Tensor, list[int]]:
        rows = []
        for level, enter, where in zip(levels[_SEEN:], self.enter, self.where, strict=True):
            size = (level.shape[2], level.shape[3])
            grid = functional.interpolate(where, size, mode="bilinear", align_corners=False)
            rows.append((enter(level) + grid).flatten(2).transpose(1, 2))
        return torch.cat(rows, dim=1), [row.shape[1] for row in rows]

    def _places(self, levels: Sequence[Tensor], decoded: Tensor) -> Tensor:
        """Return what was decoded (B,D,h,w) of level _SEEN on the finest level, step by step."""
        total = self.back(decoded) + self.fine[_SEEN](levels[_SEEN])
        for index in reversed(range(_SEEN)):
            size = (levels[index].shape[2], levels[index].shape[3])
            total = kept_in_blocks(resized(total, size)) + self.fine[index](levels[index])
        blended: Tensor = self.blend(total)
        return blended
