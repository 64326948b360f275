"""Confirm: look at each candidate again by itself, and say how probably it is a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.geometry.similarity import square_roi
from mien.geometry.warp import transform_points, warp_crops
from mien.models import Network
from mien.tasks.blaze import anchors, decode
from mien.tasks.candidates import SAME_FACE_IOU, Candidates, merge, with_box_corners
from mien.tasks.pyramid import Level
from mien.types.arrays import BoolArray, ByteArray, FloatArray, Index, IntArray

#: The second look is at a square of this many box sides: the face is then as large in the
#: network's input as where the network is surest of faces. So is the referee's look.
CLOSE_UP = 4.0
REFEREE_UP = 3.2
#: In the middle of the second look lies a face within this share of a side, and this much smaller
#: or larger than it was proposed.
_MAX_OFFSET = 0.45
_MAX_RESIZE = 2.0
#: Below these logits the second and the third look have seen no face.
_CLOSE_UP_FLOOR = -1.0
_REFEREE_FLOOR = -2.0
#: Square round a face that the mesh network takes, in box sides.
MESH_SCALE = 1.5

#: Log odds of a face = weights · (proposing logit, close-up logit, mesh logit) + bias. This and
#: the two below: logistic regression on 48 collages with and without LFW faces of 12 to 300 px in
#: textures and photographs; the last on those between the bounds only.
_WEIGHTS = np.array([1.75, 2.53, 0.36])
_BIAS = -1.4
#: The same for a face seen once, large and beyond doubt, from the proposing logit alone.
_ONCE_WEIGHT = 3.4
_ONCE_BIAS = -2.0
#: Between these log odds a third network is asked; the weights then, its logit being the last.
DOUBT = (-3.5, 4.0)
_REFEREED_WEIGHTS = np.array([1.37, 1.41, 0.27, 1.42])
_REFEREED_BIAS = -0.54
#: A logit says no more than this, that of a network that sees no face no less than the other.
_MESH_LIMIT = 8.0
_NOT_SEEN = -4.0


@dataclass(frozen=True, slots=True, eq=False)
class SecondLook:
    """What a look at each candidate alone gave.

    ``candidates``: as they are now placed; ``close_up (M,)``: the detector's logit, -inf where it
    sees no face; ``mesh (M,)``: the mesh network's logit that the crop shows a face.
    """

    candidates: Candidates
    close_up: FloatArray
    mesh: FloatArray

    @property
    def log_odds(self) -> FloatArray:
        """The log odds (M,) of being a face, from the proposing network and these two."""
        return np.asarray(self._evidence() @ _WEIGHTS + _BIAS)

    def refereed(self, referee: FloatArray) -> FloatArray:
        """Return log odds (M,) that also rest on the referee's logits (M,)."""
        evidence = np.column_stack([self._evidence(), np.maximum(referee, _NOT_SEEN)])
        return np.asarray(evidence @ _REFEREED_WEIGHTS + _REFEREED_BIAS)

    def _evidence(self) -> FloatArray:
        mesh = np.clip(self.mesh, -_MESH_LIMIT, _MESH_LIMIT)
        return np.stack([self.candidates.logit, self.close_up, mesh], axis=1)

    def __getitem__(self, index: Index) -> SecondLook:
        """Return the chosen rows."""
        return SecondLook(self.candidates[index], self.close_up[index], self.mesh[index])


def seen_once(candidates: Candidates) -> Candidates:
    """Return candidates that need no second look, with log odds for their logit."""
    return candidates.scored(_ONCE_WEIGHT * candidates.logit + _ONCE_BIAS)


def judged(
    pictures: Sequence[Sequence[Level]], again: SecondLook, *, referee: Network
) -> Candidates:
    """Return the candidates with the log odds of being a face for their logit.

    Where these leave doubt, the referee looks too.
    """
    log_odds = again.log_odds
    rows = np.flatnonzero((log_odds > DOUBT[0]) & (log_odds < DOUBT[1]))
    doubtful = again[rows]
    found = doubtful.candidates
    _, logit = _close_up(
        pictures, found, found.quarters, referee, scale=REFEREE_UP, floor=_REFEREE_FLOOR
    )
    log_odds[rows] = doubtful.refereed(logit)
    return again.candidates.scored(log_odds)


def look_again(
    pictures: Sequence[Sequence[Level]],
    candidates: Candidates,
    quarters: IntArray,
    *,
    detector: Network,
    mesh: Network,
    by_eyes: bool = True,
) -> SecondLook:
    """Look at each candidate with the picture turned by ``quarters (M,)``; place it anew.

    ``pictures``: each at one or more scales, finest first.
    ``by_eyes``: the mesh network sees the face turned upright by its eyes, else turned by the
    quarters alone, which tells how well these fit.
    """
    placed, close_up = _close_up(
        pictures, candidates, quarters, detector, scale=CLOSE_UP, floor=_CLOSE_UP_FLOOR
    )
    flags = np.full(len(placed), -np.inf, np.float32)
    seen = np.flatnonzero(close_up > -np.inf)
    flags[seen] = _mesh_logit(pictures, placed[seen], mesh, by_eyes)
    return SecondLook(placed, close_up, flags)


def _close_up(
    pictures: Sequence[Sequence[Level]],
    candidates: Candidates,
    quarters: IntArray,
    network: Network,
    *,
    scale: float,
    floor: float,
) -> tuple[Candidates, FloatArray]:
    size_px = network.spec.preprocess.size_wh[0]
    maps = candidates.squares(scale, quarters, size_px)
    crops = cut(pictures, candidates.owner, maps, size_px)
    centres = anchors(network.spec.name, size_px)
    decoded = decode(network(crops)["objects"], centres, floor)
    in_crop = Candidates(decoded.crop, decoded.logit, quarters[decoded.crop], decoded.coords)
    in_crop = in_crop[_fits(in_crop, size_px, size_px / scale)]
    # Merged, the best of each crop comes first.
    merged = merge(in_crop, SAME_FACE_IOU)
    seen, first = np.unique(merged.owner, return_index=True)
    close_up = np.full(len(candidates), -np.inf, np.float32)
    close_up[seen] = merged.logit[first]
    placed = candidates.coords.copy()
    placed[seen] = with_box_corners(transform_points(maps[seen], merged.coords[first]))
    moved = Candidates(candidates.owner, candidates.logit, quarters, placed)
    return moved, close_up


def _fits(in_crop: Candidates, size_px: int, expected: float) -> BoolArray:
    """Tell (M,) which finds lie in the middle of their crop, with about the expected side."""
    offset = np.abs(in_crop.centre - size_px / 2).max(axis=1)
    resized = np.abs(np.log(in_crop.side / expected))
    return np.asarray((offset < _MAX_OFFSET * expected) & (resized < np.log(_MAX_RESIZE)))


def _mesh_logit(
    pictures: Sequence[Sequence[Level]], candidates: Candidates, network: Network, by_eyes: bool
) -> FloatArray:
    size_px = network.spec.preprocess.size_wh[0]
    turn_rad = candidates.quarters * (np.pi / 2)
    if by_eyes:
        across = candidates.coords[:, 2] - candidates.coords[:, 3]
        turn_rad = np.arctan2(across[:, 1], across[:, 0])
    maps = square_roi(candidates.centre, candidates.side * MESH_SCALE, turn_rad, size_px)
    return network(cut(pictures, candidates.owner, maps, size_px))["flag"].reshape(-1)


def cut(
    pictures: Sequence[Sequence[Level]], owner: IntArray, maps: FloatArray, size_px: int
) -> ByteArray:
    """Cut one crop (M,size_px,size_px,3) for each map (M,2,3) out of picture ``owner (M,)``.

    Each picture comes at one or more scales, finest first; a crop is cut from the coarsest one
    that is not coarser than the crop.
    """
    crops = np.zeros((len(maps), size_px, size_px, 3), np.uint8)
    crop_step = np.sqrt(np.abs(np.linalg.det(maps[:, :, :2])))
    for row, (index, step) in enumerate(zip(owner, crop_step, strict=True)):
        fine_enough = [level for level in pictures[index] if max(level.step_wh) <= step]
        pixels, step_wh = fine_enough[-1] if fine_enough else pictures[index][0]
        to_level = maps[row] / np.asarray(step_wh, np.float32)[:, None]
        crops[row] = warp_crops(pixels, to_level[None], (size_px, size_px))[0]
    return crops
