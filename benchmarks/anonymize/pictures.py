"""LFW pictures of some folds, with the heads that mien covers and the mesh an attacker knows."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.data.lfw import Lfw
from mien.io import read_image
from mien.protect.head import Head, heads_of
from mien.protect.look import analyzers, look
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis, Image


@dataclass(frozen=True)
class Known:
    """``names`` and ``fold`` of P pictures, ``heads`` of each, and ``mesh (P,478,3)`` px.

    The mesh is that of the central face, the one that LFW names; NaN where none was found.
    """

    root: Path
    names: list[str]
    fold: np.ndarray
    heads: list[list[Head]]
    mesh: np.ndarray

    @property
    def usable(self) -> np.ndarray:
        """Where the attacker has a mesh to go by."""
        return np.isfinite(self.mesh).all(axis=(1, 2))

    def image(self, row: int) -> Image:
        """Read one picture."""
        return read_image(self.root / self.names[row])

    def person(self) -> np.ndarray:
        """Return who each picture shows."""
        return np.array([name.split("/")[0] for name in self.names])


def known(data: Path, folds: tuple[int, ...], cache: Path, most: int | None = None) -> Known:
    """Look at all pictures that the pairs of these folds (from 1) name, once."""
    lfw = Lfw(data / "lfw")
    pairs = lfw.pairs()
    here = np.isin(pairs.fold + 1, folds)
    fold_of = dict(zip(pairs.first[here], pairs.fold[here] + 1, strict=True))
    fold_of |= dict(zip(pairs.second[here], pairs.fold[here] + 1, strict=True))
    names = sorted(fold_of)[:most]
    path = cache / f"known-{'-'.join(map(str, folds))}-{len(names)}.pickle"
    if not path.is_file():
        rows = list(_looked(lfw.pictures, names))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(rows))
    rows = pickle.loads(path.read_bytes())
    fold = np.array([fold_of[name] for name in names])
    return Known(
        lfw.pictures, names, fold, [row[0] for row in rows], np.stack([row[1] for row in rows])
    )


def _looked(root: Path, names: list[str]) -> Iterator[tuple[list[Head], np.ndarray]]:
    covering = analyzers(thorough=False, embed=False)
    attacking = Analyzer(("landmarks",), threads=1)
    for name in names:
        image = read_image(root / name)
        heads = [head for one in look(image, covering) for head in heads_of(one.found)]
        (analysis,) = attacking.run([image])
        yield heads, central_mesh(analysis)


def central_mesh(analysis: Analysis) -> np.ndarray:
    """Return the mesh (478,3) of the face nearest to the middle; NaN where there is none."""
    faces = analysis.found
    if not len(faces):
        return np.full((478, 3), np.nan, np.float32)
    away = faces.boxes.centres - np.array(faces.image_size_wh) / 2
    return faces.landmarks["mesh478"].points[int(np.hypot(*away.T).argmin())]
