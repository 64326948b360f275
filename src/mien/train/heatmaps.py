"""Heatmaps of landmarks: how they are drawn, and how a place between cells is read off them."""

from __future__ import annotations

import torch
from torch import Tensor

from mien.errors import InputError


def log_gaussians(points: Tensor, side: int, sigma_cells: float) -> Tensor:
    """Return the log of normalised Gaussians (B,K,side,side) at points (B,K,2), in cells.

    A cell's middle is its number and a half. Beyond the map the nearest cells hold what is left.
    """
    cells = torch.arange(side, device=points.device) + 0.5
    away = (cells - points[..., None]) ** 2 / (-2 * sigma_cells**2)
    across, down = away[..., 0, :], away[..., 1, :]
    maps = down[..., :, None] + across[..., None, :]
    logs: Tensor = maps.flatten(2).log_softmax(dim=2).reshape(maps.shape)
    return logs


def mean_place(logits: Tensor) -> Tensor:
    """Return the expected places (B,K,2) in cells of softmax(logits (B,K,h,w)): soft-argmax.

    Pulled towards the middle where a map reaches beyond its edge, or is nowhere sure.
    """
    shares = logits.float().flatten(2).softmax(dim=2).reshape(logits.shape)
    across = torch.arange(logits.shape[3], device=logits.device) + 0.5
    down = torch.arange(logits.shape[2], device=logits.device) + 0.5
    return torch.stack([shares.sum(dim=2) @ across, shares.sum(dim=3) @ down], dim=2)


def refined_place(logits: Tensor) -> Tensor:
    """Return the places (B,K,2) in cells of the highest logits (B,K,h,w), between cells.

    A parabola is laid through the highest cell and its eight neighbours (DARK, Zhang et al. 2020;
    logits are logs already, and are not blurred first): exact for a Gaussian, also at the edge.
    Where the parabola has no top within two cells, the middle of the cell.
    """
    height, width = logits.shape[2:]
    if min(height, width) < 3:
        raise InputError(f"heatmaps: got maps of {width}x{height} cells, expected 3x3 or more")
    logits = logits.float()
    best = logits.flatten(2).argmax(dim=2)
    # The parabola's middle has neighbours on all sides; a top at the edge is reached from it.
    row = (best // width).clamp(1, height - 2)
    column = (best % width).clamp(1, width - 2)

    def at(down: int, across: int) -> Tensor:
        places = (row + down) * width + column + across
        return logits.flatten(2).gather(2, places[..., None])[..., 0]

    middle = at(0, 0)
    slope_x, slope_y = (at(0, 1) - at(0, -1)) / 2, (at(1, 0) - at(-1, 0)) / 2
    bend_x = at(0, 1) - 2 * middle + at(0, -1)
    bend_y = at(1, 0) - 2 * middle + at(-1, 0)
    twist = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4
    bowl = bend_x * bend_y - twist**2
    safe = torch.where(bowl > 0, bowl, 1.0)
    step = torch.stack([twist * slope_y - bend_y * slope_x, twist * slope_x - bend_x * slope_y], 2)
    step = step / safe[..., None]
    top = (bowl > 0) & (bend_x < 0) & (step.abs().amax(dim=2) <= 2)
    cell = torch.stack([column, row], dim=2) + 0.5
    highest = torch.stack([best % width, best // width], dim=2) + 0.5
    return torch.where(top[..., None], cell + step, highest)
