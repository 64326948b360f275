"""A run's state on disk: whole or not at all, enough to go on as if nothing had happened."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mien.errors import InputError

LAST, BEST = "last.pt", "best.pt"


@dataclass(slots=True)
class RunState:
    """Where a run is: updates done, seconds spent, the best held-out figure so far.

    ``before_s``: seconds of the runs whose weights it began from.
    """

    step: int = 0
    seconds: float = 0.0
    before_s: float = 0.0
    best: float | None = None
    figures: dict[str, float] = field(default_factory=dict)


def save(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint so that a kill at any moment leaves the old one or the new one."""
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        torch.save(content, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def load(path: Path) -> dict[str, Any]:
    """Read a checkpoint. Raises InputError where there is none, or it is damaged."""
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no checkpoint; start without --resume") from error
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise InputError(f"{path}: is no checkpoint of mien: {error}") from error
    return content


def load_best(run: Path) -> dict[str, Any]:
    """Read a run's best weights: where nothing was held out, the last ones' mean.

    Errors: those of ``load``.
    """
    path = run / BEST
    saved = load(path if path.exists() else run / LAST)
    if "mean" in saved:
        saved["learner"] = saved["mean"]
    return saved


def begin_from(learner: nn.Module, run: Path) -> tuple[int, int]:
    """Give a learner a run's best weights wherever name and shape agree; returns how many of all.

    Raises InputError where none does, or there is no run.
    """
    mine = learner.state_dict()
    found = {
        name: value
        for name, value in load_best(run)["learner"].items()
        if name in mine and mine[name].shape == value.shape
    }
    if not found:
        raise InputError(f"begin: got {run}, none of whose weights has a place in this model")
    learner.load_state_dict({**mine, **found})
    return len(found), len(mine)
