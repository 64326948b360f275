"""Partial FC: class centres split over processes, the softmax over all or a draw of them [P30]."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import InputError
from mien.train.loss import LossFacts
from mien.train.processes import highest, together, total, world
from mien.train.registry import Part, build, register
from mien.train.shards import own_rows

_COSFACE = Part("cosface")
#: Rows drawn at once when centres begin, so that no process ever holds them all.
_BLOCK = 4096


@register("loss", "partial_fc")
class PartialFc(nn.Module):
    """The margin loss ``margin`` with the centres' rows split over the run's processes.

    Every process scores the vectors of all with its own centres; maxima and sums go round, so that
    the loss and its gradients are those of the unsharded loss. With ``rate`` below 1 each process
    draws that share of its centres in training: always those of the batch's classes, others at
    random. What was not drawn has a gradient of 0 (AdamW's moments and decay still move it). All
    processes need equally many examples.
    """

    sharded: ClassVar[tuple[str, ...]] = ("centres",)

    def __init__(self, facts: LossFacts, *, margin: Part = _COSFACE, rate: float = 1.0) -> None:
        super().__init__()
        if not 0 < rate <= 1:
            raise InputError(f"loss partial_fc: got rate {rate}, expected 0 < rate <= 1")
        self.margin: Any = build("loss", margin, replace(facts, classes=0))
        if not hasattr(self.margin, "lowered"):
            raise InputError(f"loss partial_fc: {margin.name} lowers no cosine by a margin")
        self.margin.centres = None
        self.rate = rate
        self.rows = own_rows(facts.classes)
        self.centres = nn.Parameter(_drawn(facts, self.rows))

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return (B,) of vectors (B,D) of any length and classes (B,)."""
        rank, size = world()
        mine = slice(rank * len(vectors), (rank + 1) * len(vectors))
        lengths = vectors.float().norm(dim=1)
        units = together(functional.normalize(vectors.float(), dim=1))
        column, centres = self._taken(together(targets) - self.rows.start)
        if size > 1 and centres.requires_grad:
            # Other gradients are averaged over processes; these, already summed, are not.
            centres.register_hook(lambda g: g / size)  # type: ignore[no-untyped-call]
        cosines = units @ centres.T
        here = functional.one_hot(column, centres.shape[0] + 1)[:, :-1].bool()
        true = total(torch.where(here, cosines, 0.0).sum(dim=1))[mine]
        others = self.margin.scale * cosines.masked_fill(here, -torch.inf)
        floor = others.new_full((len(others), 1), -self.margin.scale)
        peak = highest(torch.cat([others, floor], dim=1).amax(dim=1))
        rest = total((others - peak[:, None]).exp().sum(dim=1))[mine]
        lowered: Tensor = self.margin.scale * self.margin.lowered(true, lengths)
        # Without another class at all the loss is 0.
        return torch.logaddexp(rest.clamp_min(1e-30).log() + peak[mine], lowered) - lowered

    def _taken(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return each class's column, one too far where it is not here, and the unit centres."""
        own = (places >= 0) & (places < len(self.centres))
        chosen = self.chosen(places[own])
        column = torch.searchsorted(chosen, places.clamp(0, max(0, len(self.centres) - 1)))
        column = torch.where(own, column, len(chosen))
        return column, functional.normalize(self.centres[chosen].float(), dim=1)

    def chosen(self, places: Tensor) -> Tensor:
        """Return the rows (C,) of the centres to compare with, sorted, all of ``places`` in it."""
        count = len(self.centres)
        if self.rate == 1 or not self.training:
            return torch.arange(count)
        luck = torch.rand(count)
        luck[places] = 2.0
        wanted = max(int((luck == 2).sum()), round(self.rate * count))
        return luck.topk(wanted).indices.sort().values


def _drawn(facts: LossFacts, rows: slice) -> Tensor:
    """Draw all centres block by block, the same in every process, and keep these rows."""
    kept = [torch.empty(0, facts.dimension)]
    for start in range(0, facts.classes, _BLOCK):
        block = torch.empty(min(_BLOCK, facts.classes - start), facts.dimension)
        nn.init.normal_(block, std=0.01)
        first, last = max(rows.start - start, 0), max(rows.stop - start, 0)
        kept.append(block[first:last].clone())
    return torch.cat(kept)
