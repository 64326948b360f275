"""Every recogniser that mien ships, as an attacker has it: given the mesh of the open face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.geometry.align import ALIGNMENTS, alignment_maps
from mien.geometry.similarity import square_roi
from mien.geometry.warp import warp_crops
from mien.models import get_spec, list_specs, load
from mien.tasks.embed import embed_crops
from mien.types import Image

#: box224, the crop of models that mien has no aligned crop for: a square round the mesh, this
#: many times its size.
_ROUND_MESH = 1.25
BATCH = 16


def recognisers() -> list[str]:
    """Return the names of all installed models that make templates."""
    names = [spec.name for spec in list_specs("embed")]
    others = [spec.name for spec in list_specs() if "embedding" in spec.outputs]
    return sorted({*names, *others})


def maps_of(name: str, mesh: np.ndarray) -> np.ndarray:
    """Return the maps (N,2,3) from a recogniser's crop to the picture."""
    wanted = get_spec(name).preprocess
    if wanted.alignment in ALIGNMENTS:
        return alignment_maps(mesh, wanted.alignment)
    low, high = mesh[:, :468, :2].min(axis=1), mesh[:, :468, :2].max(axis=1)
    side = _ROUND_MESH * (high - low).max(axis=1)
    return square_roi((low + high) / 2, side, np.zeros(len(mesh)), wanted.size_wh[0])


def crops_of(name: str, images: Sequence[Image], mesh: np.ndarray) -> np.ndarray:
    """Cut one crop a picture, as the recogniser wants it."""
    maps = maps_of(name, mesh)
    size_wh = get_spec(name).preprocess.size_wh
    return np.concatenate(
        [
            warp_crops(image.pixels, maps[[row]], size_wh) if len(maps) else ()
            for row, image in enumerate(images)
        ]
    )


def embedded(name: str, crops: np.ndarray) -> np.ndarray:
    """Return unit templates (N,D) of crops; equal crops are embedded once.

    Recognisers of mien's take the mirror image along, as mien does.
    """
    network = load(name, threads=1)
    mirror = network.spec.preprocess.alignment in ALIGNMENTS
    rows: dict[bytes, int] = {}
    which = [rows.setdefault(crop.tobytes(), len(rows)) for crop in crops]
    unique = crops[np.unique(which, return_index=True)[1]]
    raw = [
        embed_crops(unique[start : start + BATCH], network, mirror=mirror)
        for start in range(0, len(unique), BATCH)
    ]
    vectors = np.concatenate(raw)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return vectors[which]
