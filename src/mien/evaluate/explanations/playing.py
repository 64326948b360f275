"""Play the inpainting game: an explainer on a triplet, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import numpy as np

from mien.evaluate.explanations.cut_faces import CutFaces, Embed
from mien.evaluate.explanations.inpainting import donated, inpainted, true_area, true_parts
from mien.evaluate.explanations.triplets import Triplet
from mien.explain.case import Case
from mien.explain.comparison import scorer
from mien.explain.explainer import Finding
from mien.explain.opened import open_recogniser
from mien.geometry.face_parts import FACE_PARTS, face_parts
from mien.metrics.saliency import flagged, top_share
from mien.types.arrays import BoolArray, ByteArray, FloatArray

#: How far beside the true area the highest point may lie, as a share of the crop's side.
TOLERANCE = 1 / 30
#: Shares of the pixels outside of the true area that may be marked, at which the game is scored.
FALSE_SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """A triplet laid out: ``case`` is all that the explainer sees; the rest is the answer.

    ``area (h,w)``: where the probe shows what was replaced in the mate. ``twin``: the probe with
    the same replaced by the same donor, ``None`` where that cannot be made or is still nearer to
    the mate. ``mates (2,h,w,3)``: the mate and the inpainted one.
    """

    case: Case
    characteristic: str
    area: BoolArray
    twin: ByteArray | None
    mates: ByteArray


def laid_out(faces: CutFaces, triplet: Triplet, embed: Embed, model_id: str) -> Board:
    """Make the pictures of a triplet again, and the case that an explainer is given."""
    crops, meshes = faces.crops, faces.meshes
    probe, mate, donor = triplet.probe, triplet.mate, triplet.donor
    size_wh = (crops.shape[2], crops.shape[1])
    pixels = replaced(faces, mate, donor, triplet.characteristic)
    assert pixels is not None, "a triplet was made of it before"
    mates = np.stack([crops[mate], pixels])
    labels = face_parts(meshes[probe], size_wh)
    unscored = Case(
        crops[probe],
        labels,
        FACE_PARTS,
        np.eye(2, 3, dtype=np.float32),
        size_wh,
        scorer(embed, faces.vectors[mate]),
        "match against another",
        model_id,
        inside=partial(open_recogniser, model_id.partition("@")[0], *embed(mates)),
    )
    case = contrasted(unscored, mates, embed)
    twin = replaced(faces, probe, donor, triplet.characteristic)
    if twin is not None and case.score(twin[None])[0] >= 0:
        twin = None
    area = true_area(labels, triplet.characteristic)
    return Board(case, triplet.characteristic, area, twin, mates)


def contrasted(case: Case, mates: ByteArray, embed: Embed) -> Case:
    """Return the case with scores above 0 for what is nearer to the mate than to the inpainted one.

    ``mates (2,h,w,3)``: both, as ``embed`` sees them.
    """
    first, second = embed(mates)
    direction = first - second
    return replace(case, score=scorer(embed, direction), embed=embed, direction=direction)


def replaced(faces: CutFaces, row: int, donor: int, characteristic: str) -> ByteArray | None:
    """Return a face's crop with one characteristic of a donor's."""
    crop, mesh = faces.crops[row], faces.meshes[row]
    area = true_area(face_parts(mesh, (crop.shape[1], crop.shape[0])), characteristic)
    given = donated(crop, mesh, faces.crops[donor], faces.meshes[donor])
    return inpainted(crop, given, area)


def judged(board: Board, finding: Finding) -> dict[str, Any]:
    """Return how right a finding is, as plain values.

    ``region``, ``pointing``: 0..1, the share of the highest regions and pixels that are true;
    ``flipped``: whether the probe with its marked pixels replaced by the twin's is nearer to the
    inpainted mate, at each of FALSE_SHARES, ``None`` without a twin.
    """
    scores = np.asarray(finding.region_scores, np.float64)
    values = np.ravel(finding.map)
    wide = np.ravel(_widened(board.area))
    return {
        "region": top_share(scores, true_parts(board.characteristic)),
        "pointing": top_share(values, wide),
        "flipped": _flips(board, values),
        "top": FACE_PARTS[int(scores.argmax())],
        "scores": [round(float(score), 6) for score in scores],
        "calls": finding.model_calls,
    }


def _flips(board: Board, values: FloatArray) -> list[bool] | None:
    """Tell at which share of falsely marked pixels the probe changes sides; ties do not."""
    if board.twin is None:
        return None
    crop, area = board.case.crop, board.area
    masks = [
        flagged(values, np.ravel(area), fpr=share).reshape(area.shape) & area
        for share in FALSE_SHARES
    ]
    mixed = [np.where(mask[..., None], board.twin, crop).astype(np.uint8) for mask in masks]
    known = _scored_once(board.case, mixed)
    return [bool(score < 0) for score in known]


def _scored_once(case: Case, crops: Iterable[ByteArray]) -> list[float]:
    """Score crops, equal ones once."""
    rows: dict[bytes, int] = {}
    places = [(rows.setdefault(crop.tobytes(), len(rows)), crop) for crop in crops]
    distinct = {row: crop for row, crop in places}
    scores = case.score(np.stack([distinct[row] for row in range(len(rows))]))
    return [float(scores[row]) for row, _ in places]


def _widened(area: BoolArray) -> BoolArray:
    radius = round(TOLERANCE * max(area.shape))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    wide: BoolArray = cv2.dilate(area.astype(np.uint8), disc) > 0
    return wide
