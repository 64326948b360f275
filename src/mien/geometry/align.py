"""How recognisers want a face to lie in the crop: which mesh points go where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mien.errors import ArrayError
from mien.geometry.similarity import fit_similarity, invert
from mien.types.arrays import FloatArray

#: Mesh vertices whose means are the five points: subject's left eye (its corners), right eye,
#: nose tip, left and right mouth corner.
FIVE_FROM_MESH: tuple[tuple[int, ...], ...] = ((362, 263), (33, 133), (1,), (291,), (61,))


@dataclass(frozen=True, slots=True)
class Alignment:
    """Groups of mesh vertices, and where their means lie in a square crop of ``size_px``."""

    vertices: tuple[tuple[int, ...], ...]
    targets_px: tuple[tuple[float, float], ...]
    size_px: int


def _dlib(size_px: int, padding: float) -> Alignment:
    # dlib's mean shape of its five points: outer and inner corner of the left eye, of the right
    # eye, and the base of the nose, on a unit square to which the padding is added.
    unit = np.array(
        [
            [0.8595674595992, 0.2134981538014],
            [0.6460604764104, 0.2289674387677],
            [0.1205750620789, 0.2137274526848],
            [0.3340850613712, 0.2290642403242],
            [0.4901123135679, 0.6277975316475],
        ]
    )
    points = (padding + unit) / (2 * padding + 1) * size_px
    targets = tuple((float(x), float(y)) for x, y in points)
    return Alignment(((263,), (362,), (33,), (133,), (2,)), targets, size_px)


# InsightFace's five-point template, subject's left first; it counts from pixel centres, hence
# the half pixel that is added here.
_ARCFACE = Alignment(
    FIVE_FROM_MESH,
    (
        (74.0318, 52.0014),
        (38.7946, 52.1963),
        (56.5252, 72.2366),
        (71.2299, 92.7041),
        (42.0493, 92.8655),
    ),
    112,
)

ALIGNMENTS: Mapping[str, Alignment] = MappingProxyType(
    {
        "arcface112": _ARCFACE,
        "dlib150": _dlib(150, 0.25),
        "dlib112": _dlib(112, 0.25),
        "dlib64": _dlib(64, 0.2),
        "dlib32": _dlib(32, 0.2),
    }
)


def group_means(mesh: FloatArray, groups: tuple[tuple[int, ...], ...]) -> FloatArray:
    """Return the means (N,len(groups),2) px of groups of vertices of a mesh (N,468+,2|3)."""
    vertices = [vertex for group in groups for vertex in group]
    sizes = [len(group) for group in groups]
    starts = np.cumsum([0, *sizes[:-1]])
    sums = np.add.reduceat(mesh[:, vertices, :2], starts, axis=1)
    means: FloatArray = sums / np.array(sizes, np.float32)[:, None]
    return means


def alignment_maps(mesh: FloatArray, alignment: str) -> FloatArray:
    """Return the maps (N,2,3) from the aligned crop to the picture, given meshes (N,468+,2|3) px.

    Raises ArrayError for an alignment that is not known.
    """
    if alignment not in ALIGNMENTS:
        raise ArrayError(f"alignment: got {alignment!r}, expected one of {', '.join(ALIGNMENTS)}")
    chosen = ALIGNMENTS[alignment]
    points = group_means(mesh, chosen.vertices)
    return invert(fit_similarity(points, np.asarray(chosen.targets_px)))
