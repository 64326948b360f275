"""Small synthetic examples and recipes: nothing here shows a person, nothing takes long."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs mien[train]")
pytest.importorskip("lightning_fabric", reason="needs mien[train]")

from mien.train.examples import Examples
from mien.train.recipe import Recipe
from mien.train.registry import part


def striped(count: int = 96, side: int = 16, seed: int = 0) -> Examples:
    """Stripes across or along, in noise: two classes that a small network learns in seconds."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, 2, count)
    wave = 60 * np.sin(np.arange(side) * 1.5 + rng.uniform(0, 6, (count, 1)))
    across = np.repeat(wave[:, :, None], side, axis=2)
    pictures = np.where(targets[:, None, None] == 1, across, across.transpose(0, 2, 1))
    noisy = 128 + pictures + rng.normal(0, 20, pictures.shape)
    inputs = noisy.clip(0, 255).astype(np.uint8)[..., None]
    return Examples(inputs, targets.astype(np.int64), np.arange(count).astype(str))


@pytest.fixture(scope="session")
def examples() -> Examples:
    return striped()


@pytest.fixture(scope="session")
def tiny() -> Callable[..., Recipe]:
    """A recipe of seconds; keywords change it."""

    def make(**changed: object) -> Recipe:
        settings: dict[str, object] = {
            "name": "tiny.stripes",
            "task": "expression",
            "source": part("rows", file="unused.npz"),
            "backbone": part("resnet", widths=(8, 16), blocks=(1, 1), norm="group"),
            "head": part("classes", dropout=0.1),
            "loss": part("cross_entropy", smoothing=0.05),
            "augmentations": (part("warp", turn_rad=0.1, shift=0.05), part("light")),
            "classes": ("along", "across"),
            "epochs": 4,
            "batch": 16,
            "learning_rate": 3e-3,
            "ema": 0.9,
            "checkpoint_every_s": 0.0,
        }
        return Recipe(**(settings | changed))  # type: ignore[arg-type]

    return make
