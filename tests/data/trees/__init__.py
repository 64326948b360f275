"""A tiny tree for each data set: what the layout says, written by the test, no person in it.

Each module is named after its data set ("-" becomes "_") and has
``build(root)``, which writes the tree; ``EXPECTED``, what reading it must give; and ``BROKEN``:
pairs of a function that damages a built tree and the pattern that the refusal must match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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
    channels = () if path.suffix == ".pgm" else (3,)
    pixels = np.full((size_wh[1], size_wh[0], *channels), value, np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return path


def text(path: Path, lines: str) -> Path:
    """Write a text file, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lines, encoding="utf-8")
    return path


def replaced(name: str, old: str, new: str) -> Break:
    """Return the damage that puts ``new`` for the first ``old`` in a text file."""

    def damage(root: Path) -> None:
        content = (root / name).read_text(encoding="utf-8")
        assert old in content
        text(root / name, content.replace(old, new, 1))

    return damage


def removed(name: str) -> Break:
    """Return the damage that takes a file away."""
    return lambda root: (root / name).unlink()


def overwritten(name: str, content: bytes) -> Break:
    """Return the damage that puts other bytes into a file."""
    return lambda root: (root / name).write_bytes(content)


def words(values: Iterable[object]) -> str:
    """Return values with blanks between them."""
    return " ".join(map(str, values))


def encoded(value: int = 90) -> bytes:
    """Return a plain grey picture as PNG."""
    return cv2.imencode(".png", np.full((6, 8, 3), value, np.uint8))[1].tobytes()
