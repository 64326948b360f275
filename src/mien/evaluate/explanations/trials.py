"""Trials beside the game: faithfulness, sanity under random weights, stability, on a few boards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import cv2
import numpy as np

from mien.evaluate.explanations.cut_faces import Embed
from mien.evaluate.explanations.playing import Board, contrasted
from mien.explain.case import Case
from mien.explain.explainer import Finding, get_explainer
from mien.explain.explaining import find
from mien.explain.faithfulness import faithfulness
from mien.explain.opened import shuffled_case

#: By how much a probe is moved, brightened, and compressed.
_SHIFT_PX, _BRIGHTER, _JPEG = (2, 1), 1.1, 75


def _shifted(case: Case) -> Case:
    move = np.array([[1, 0, _SHIFT_PX[0]], [0, 1, _SHIFT_PX[1]]], np.float32)
    height, width = case.labels.shape
    size_wh = (width, height)
    crop = cv2.warpAffine(case.crop, move, size_wh, borderMode=cv2.BORDER_REPLICATE)
    labels = cv2.warpAffine(
        case.labels, move, size_wh, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE
    )
    return replace(case, crop=np.asarray(crop, np.uint8), labels=np.asarray(labels, np.uint8))


def _brighter(case: Case) -> Case:
    return replace(case, crop=cv2.convertScaleAbs(case.crop, alpha=_BRIGHTER).astype(np.uint8))


def _compressed(case: Case) -> Case:
    _, encoded = cv2.imencode(".jpg", case.crop, [cv2.IMWRITE_JPEG_QUALITY, _JPEG])
    return replace(case, crop=np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8))


#: Changes of the probe that must not change its explanation, by name.
CHANGES: Mapping[str, Callable[[Case], Case]] = MappingProxyType(
    {
        f"moved by {_SHIFT_PX[0]} and {_SHIFT_PX[1]} px": _shifted,
        f"brighter by {_BRIGHTER - 1:.0%}": _brighter,
        f"JPEG quality {_JPEG}": _compressed,
    }
)


def areas(board: Board, finding: Finding) -> dict[str, float]:
    """Return the areas under the score as pixels are shown and hidden in the order of the map."""
    found, _ = faithfulness(board.case, finding.map)
    return {"insertion": found.insertion, "deletion": found.deletion}


def changed(board: Board, *, method: str, budget: int, seed: int) -> dict[str, list[float]]:
    """Return the region scores under each of CHANGES."""
    return {
        name: _scores(change(board.case), method, budget, seed) for name, change in CHANGES.items()
    }


def under_random_weights(
    board: Board, embed: Embed, *, method: str, budget: int, seed: int
) -> list[float]:
    """Return the region scores where ``embed``, of a network with shuffled weights, scores.

    A method that looks inside is shown the torch model with its own weights shuffled.
    """
    case = contrasted(board.case, board.mates, embed)
    if get_explainer(method).needs_torch:
        case = shuffled_case(board.case, board.mates, seed=0)
    return _scores(case, method, budget, seed)


def _scores(case: Case, method: str, budget: int, seed: int) -> list[float]:
    found = find(case, method=method, budget=budget, seed=seed)
    return [round(float(score), 8) for score in found.region_scores]
