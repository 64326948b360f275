"""What is learned from: rows decoded once and kept in memory-mapped files."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap

from mien.errors import InputError
from mien.types.arrays import Array, IntArray, same_length


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Inputs (N,H,W,C) uint8, or (N,F) float32, and what is said of each.

    ``targets``: (N,) int64 classes, (N,) float32 numbers or (N,D) float32, a teacher's outputs;
    ``landmarks`` (N,K,2|3) float32 px, the third how visible each is; ``masks`` (N,H,W) uint8;
    ``subjects`` (N,) text.
    """

    inputs: Array
    targets: Array
    names: Array
    landmarks: Array | None = None
    masks: Array | None = None
    subjects: Array | None = None

    def __post_init__(self) -> None:
        """Check that all columns have one row an example."""
        columns = {item.name: getattr(self, item.name) for item in fields(self)}
        same_length("Examples", **{n: len(c) for n, c in columns.items() if c is not None})

    def __len__(self) -> int:
        """How many examples there are."""
        return len(self.inputs)

    def take(self, rows: IntArray) -> Examples:
        """Return these rows, in this order; inputs are read from the file now."""
        taken: dict[str, Any] = {}
        for item in fields(self):
            column = getattr(self, item.name)
            taken[item.name] = None if column is None else column[rows]
        return Examples(**taken)


def kept(folder: Path, make: Callable[[Callable[[tuple[int, ...]], Array]], Examples]) -> Examples:
    """Return the examples kept in ``folder``, made before if they are not there.

    ``make`` gets a function that opens the (memory-mapped) array of all inputs of a shape. The
    folder appears whole or not at all.
    """
    if not folder.is_dir():
        part = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        made = make(lambda shape: open_memmap(part / "inputs.npy", "w+", np.uint8, shape))
        columns = {item.name: getattr(made, item.name) for item in fields(made)}
        del columns["inputs"]
        np.savez(part / "said.npz", **{n: c for n, c in columns.items() if c is not None})
        if isinstance(made.inputs, np.memmap):
            made.inputs.flush()
        part.rename(folder)
    with np.load(folder / "said.npz") as said:
        return Examples(np.load(folder / "inputs.npy", mmap_mode="r"), **said)


def held_out(examples: Examples, *, share: float, seed: int) -> tuple[IntArray, IntArray]:
    """Return the rows to learn from and those held out, both sorted.

    Subjects stay together where they are known. Classes are cut each for itself, so that each has
    its share. A row's place is drawn by a hash of its name: the same in every process.
    """
    keys = examples.names if examples.subjects is None else examples.subjects
    draws = {key: _draw(str(key), seed) for key in sorted(set(keys.tolist()))}
    order = np.array([draws[key] for key in keys.tolist()])
    classes = examples.targets
    if examples.subjects is not None or classes.ndim != 1 or classes.dtype.kind != "i":
        limit = np.quantile(list(draws.values()), share) if draws else 0.0
        held = order < limit if share else np.zeros(len(order), bool)
    else:
        held = np.zeros(len(order), bool)
        for index in np.unique(classes):
            rows = np.flatnonzero(classes == index)
            held[rows[np.argsort(order[rows], kind="stable")[: round(share * len(rows))]]] = True
    if not len(order) or held.all():
        raise InputError(f"{len(order)} examples: nothing is left to learn from")
    return np.flatnonzero(~held), np.flatnonzero(held)


def _draw(key: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}\0{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64
