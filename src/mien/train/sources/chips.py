"""Chips that teach the unified model, as ``mien teach`` writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.errors import DatasetError
from mien.train.examples import Examples
from mien.train.registry import register
from mien.train.taught import WIDTH


@register("source", "chips")
def chips(data: Path, cache: Path, classes: tuple[str, ...], *, folder: str) -> Examples:
    """Return chips (N,112,112,3) uint8, what is said of them, their points and regions.

    ``folder``: below ``data``, or absolute. Raises DatasetError when it is not what it should be.
    """
    del cache, classes
    place = data / folder
    try:
        pixels = {n: np.load(place / f"{n}.npy", mmap_mode="r") for n in ("inputs", "masks")}
        with np.load(place / "said.npz") as said:
            columns = {name: said[name] for name in said.files}
        targets = columns["targets"]
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(
            f"{place}: holds no chips: {error}; write them with mien teach"
        ) from error
    if targets.shape[1:] != (WIDTH,):
        raise DatasetError(f"{place}: got {targets.shape[1]} columns, expected {WIDTH}")
    return Examples(**pixels, **columns)
