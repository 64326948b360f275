"""Does an explanation of an expression look where people do? Region scores against FACS [P17]."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mien.errors import InputError
from mien.types.arrays import Array, BoolArray, ByteArray, FloatArray, checked

#: Where an action unit of the Facial Action Coding System shows: the parts of the face whose
#: surface it moves (Ekman, Friesen & Hager 2002, appearance changes of each unit).
ACTION_UNITS: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        1: ("brow", "forehead"),  # inner brow raiser
        2: ("brow", "forehead"),  # outer brow raiser
        4: ("brow", "forehead"),  # brow lowerer; its creases stand between the brows
        5: ("eye",),  # upper lid raiser
        6: ("eye", "cheek"),  # cheek raiser
        7: ("eye",),  # lid tightener
        9: ("nose",),  # nose wrinkler
        12: ("mouth", "cheek"),  # lip corner puller
        15: ("mouth",),  # lip corner depressor
        16: ("mouth", "chin"),  # lower lip depressor
        20: ("mouth",),  # lip stretcher
        23: ("mouth",),  # lip tightener
        26: ("mouth", "chin"),  # jaw drop
    }
)
#: The units of each expression's prototype (Ekman & Friesen 1978; Friesen & Ekman 1983, EMFACS).
#: Neutral has none.
PROTOTYPES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "angry": (4, 5, 7, 23),
        "disgust": (9, 15, 16),
        "fear": (1, 2, 4, 5, 7, 20, 26),
        "happy": (6, 12),
        "sad": (1, 4, 15),
        "surprise": (1, 2, 5, 26),
    }
)
#: Only the face is judged: what is round it is no action unit's.
_ROUND_IT = ("background", "hair", "contour")


def guided_regions(expression: str, regions: tuple[str, ...]) -> BoolArray:
    """Return which regions (R,) the action units of an expression move.

    Raises InputError for an expression without a prototype.
    """
    if expression not in PROTOTYPES:
        raise InputError(f"expression: got {expression!r}, expected one of {', '.join(PROTOTYPES)}")
    parts = {part for unit in PROTOTYPES[expression] for part in ACTION_UNITS[unit]}
    return np.array([_part(region) in parts for region in regions])


@dataclass(frozen=True, slots=True)
class Guidance:
    """How well region scores agree with what FACS says should matter.

    ``iou``: of the guided area and an equally large area of the regions that score highest (the
    last of them counts in part); ``iou_chance``: the same over all orders of the regions, by
    sampling; ``correlation``: of scores and guidance over the face's pixels, -1..1; ``top``:
    whether the region that speaks most for it is a guided one; ``top_chance``: share of guided
    regions. NaN where nothing, or all, of the face is guided.
    """

    iou: float
    iou_chance: float
    correlation: float
    top: bool
    top_chance: float


def guidance(
    scores: FloatArray,
    labels: ByteArray,
    regions: tuple[str, ...],
    expression: str,
    *,
    seed: int = 0,
) -> Guidance:
    """Compare region scores (R,) of one face, whose parts are ``labels (h,w)``, with FACS.

    Scores are taken per pixel: a large region must speak more to stand as high. Ties: the first
    region. Raises InputError for an unknown expression.
    """
    scores = checked("scores", scores, (len(regions),), dtype=np.float64)
    wanted = guided_regions(expression, regions)
    pixels = np.bincount(np.ravel(labels), minlength=len(regions)).astype(np.float64)
    judged = (pixels > 0) & np.array([region not in _ROUND_IT for region in regions])
    wanted, pixels, scores = wanted[judged], pixels[judged], scores[judged]
    if not wanted.any() or wanted.all():
        return Guidance(math.nan, math.nan, math.nan, bool(wanted.any()), float(wanted.any()))
    density = scores / pixels
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(scores)) for _ in range(200)]
    return Guidance(
        _iou(np.argsort(-density, kind="stable"), wanted, pixels),
        float(np.mean([_iou(order, wanted, pixels) for order in orders])),
        _correlation(density, wanted.astype(np.float64), pixels),
        bool(wanted[int(np.argmax(scores))]),
        float(wanted.mean()),
    )


def _iou(order: Array, wanted: BoolArray, pixels: Array) -> float:
    """Return IoU of the guided area and as large an area filled in this order of regions."""
    area = float(pixels[wanted].sum())
    before = np.concatenate([[0.0], np.cumsum(pixels[order])[:-1]])
    taken = np.clip(area - before, 0, pixels[order])
    both = float(taken[wanted[order]].sum())
    return both / (2 * area - both)


def _correlation(one: Array, other: Array, weights: Array) -> float:
    weights = weights / weights.sum()
    one, other = one - weights @ one, other - weights @ other
    spread = math.sqrt(float(weights @ one**2) * float(weights @ other**2))
    return float(weights @ (one * other)) / spread if spread > 0 else math.nan


def _part(region: str) -> str:
    return region.removeprefix("left_").removeprefix("right_")
