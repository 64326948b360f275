"""A run's state on disk: whole or not at all, enough to go on as if nothing had happened."""

from __future__ import annotations

import os
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from mien.errors import InputError

LAST, BEST = "last.pt", "best.pt"


@dataclass(slots=True)
class RunState:
    """Where a run is: updates done, seconds spent, the best held-out figure so far."""

    step: int = 0
    seconds: float = 0.0
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
