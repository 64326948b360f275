"""A tiny tree for each data set: what the layout says, written by the test, no person in it.

Each module is named after its data set ("-" becomes "_") and has
``build(root)``, which writes the tree; ``EXPECTED``, what reading it must give; and ``BROKEN``:
pairs of a function that damages a built tree and the pattern that the refusal must match.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

Break = Callable[[Path], object]


@dataclass(frozen=True)
class Expected:
    """Ids in order; how many samples a split has; labels and subject of the first sample."""

    sample_ids: tuple[str, ...]
    splits: Mapping[str, int] = field(default_factory=dict)
    first_subject: str | None = None
    first_labels: Mapping[str, object] = field(default_factory=dict)


def tree_of(name: str) -> ModuleType:
    """Return the module that writes the tree of a data set."""
    return import_module(f"tests.data.trees.{name.replace('-', '_')}")


def picture(path: Path, *, size_wh: tuple[int, int] = (8, 6), value: int = 90) -> Path:
    """Write a plain grey picture, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((size_wh[1], size_wh[0], 3), value, np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return path


def text(path: Path, lines: str) -> Path:
    """Write a text file, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lines, encoding="utf-8")
    return path
