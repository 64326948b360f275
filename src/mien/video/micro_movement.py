"""Small movements of a face between two frames: optical flow in the four regions of [P180].

Left and right eye, left and right lip. What the head did meanwhile is taken out twice: the frames
are aligned by vertices that expressions hardly move, and what the flow then still agrees on
outside the four regions (a shift, turn and scale) is subtracted.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien.geometry.canonical import canonical_face
from mien.geometry.head_pose import RIGID
from mien.geometry.similarity import fit_similarity, invert
from mien.geometry.warp import warp_crops
from mien.types import Image
from mien.types.arrays import Array, BoolArray, ByteArray, FloatArray

REGIONS = ("left_eye", "right_eye", "left_lip", "right_lip")
#: The crop: the canonical face, whose outer eye corners lie EYES_PX apart.
SIDE_PX, EYES_PX = 128, 62.0
#: Where its middle between the eyes lies.
_EYES_AT = (64.0, 46.0)
#: Middles of the regions (subject's left is on the right), in units of the outer eye corners'
#: distance from the middle between the eyes, and their half side: as brows, lids and lips reach.
_CENTRES = {
    "left_eye": (0.34, -0.06),
    "right_eye": (-0.34, -0.06),
    "left_lip": (0.24, 0.77),
    "right_lip": (-0.24, 0.77),
}
_HALF = 0.24
#: Cells of a region's part in the network's input.
PART = 14


@dataclass(frozen=True, slots=True, eq=False)
class MicroMovement:
    """What moved from onset to apex, in an upright crop of the face.

    ``flow (128,128,3)``: x right, y down in shares of the distance of the outer eye corners, and
    optical strain. ``mean_xy (4,2)`` and ``strength (4,)`` of REGIONS: mean movement, and the 90 %
    quantile of its length, in the same unit. ``head_px``: what was subtracted, at most, in crop px.
    """

    flow: FloatArray
    mean_xy: FloatArray
    strength: FloatArray
    head_px: float

    def parts(self) -> FloatArray:
        """Return flow and strain of the four regions (4,14,14,3), as HTNet [P180] takes them."""
        cut = [self.flow[area] for area in _boxes().values()]
        sized = [cv2.resize(part, (PART, PART), interpolation=cv2.INTER_AREA) for part in cut]
        return np.asarray(sized, np.float32)


def micro_movement(
    onset: Image, onset_mesh: FloatArray, apex: Image, apex_mesh: FloatArray
) -> MicroMovement:
    """Return how a face moved between two frames; meshes (468+,2|3) px.

    Flow: OpenCV's dense inverse search (Kroeger et al., ECCV 2016). Good for small movements, of up
    to about a tenth of the face; a head that turned by more than 10 degrees leaves its trace.
    """
    grey = [_crop(image, mesh) for image, mesh in ((onset, onset_mesh), (apex, apex_mesh))]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    nothing = np.zeros((SIDE_PX, SIDE_PX, 2), np.float32)
    moved = np.asarray(search.calc(grey[0], grey[1], nothing), np.float64)
    head = _head_motion(moved)
    own = (moved - head) / EYES_PX
    flow = np.dstack([own, _strain(own * EYES_PX)]).astype(np.float32)
    areas = [flow[area][..., :2].reshape(-1, 2) for area in _boxes().values()]
    mean = np.array([area.mean(axis=0) for area in areas])
    strength = [np.quantile(np.linalg.norm(area, axis=1), 0.9) for area in areas]
    largest = float(np.linalg.norm(head, axis=2).max())
    return MicroMovement(flow, mean, np.asarray(strength, np.float32), largest)


def _crop(image: Image, mesh: FloatArray) -> ByteArray:
    """Return the upright grey crop (128,128), aligned by the rigid vertices."""
    target = canonical_face()[list(RIGID), :2] * EYES_PX + np.array(_EYES_AT)
    to_crop = fit_similarity(np.asarray(mesh)[None, list(RIGID), :2], target)
    crop = warp_crops(image.pixels, invert(to_crop), (SIDE_PX, SIDE_PX))[0]
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)


def _head_motion(flow: Array) -> Array:
    """Return the shift, turn and scale (H,W,2) that the flow outside the regions follows."""
    rows, columns = np.nonzero(_still())
    chosen = slice(None, None, 7)
    here = np.stack([columns, rows], axis=1)[chosen].astype(np.float32)
    there = here + flow[rows, columns][chosen].astype(np.float32)
    fit, _ = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=0.5, maxIters=500)
    if fit is None:
        return np.zeros_like(flow)
    grid = np.stack(np.meshgrid(np.arange(SIDE_PX), np.arange(SIDE_PX)), axis=-1).astype(np.float64)
    moved: Array = grid @ fit[:, :2].T + fit[:, 2] - grid
    return moved


def _still() -> BoolArray:
    """Tell (128,128) what is face and in none of the regions."""
    points = canonical_face()[:, :2] * EYES_PX + np.array(_EYES_AT)
    mask = np.zeros((SIDE_PX, SIDE_PX), np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points).astype(np.int32)), 1)
    for area in _boxes().values():
        mask[area] = 0
    return np.asarray(mask > 0)


def _boxes() -> dict[str, tuple[slice, slice]]:
    """Return rows and columns of each region."""
    found = {}
    for name, centre in _CENTRES.items():
        x, y = np.array(_EYES_AT) + np.array(centre) * EYES_PX
        half = _HALF * EYES_PX
        found[name] = (
            slice(round(y - half), round(y + half)),
            slice(round(x - half), round(x + half)),
        )
    return found


def _strain(flow_px: Array) -> Array:
    """Return the length of the strain tensor (H,W) of a flow (H,W,2), as [P180] adds it."""
    dy_x, dx_x = np.gradient(flow_px[..., 0])
    dy_y, dx_y = np.gradient(flow_px[..., 1])
    shear = (dy_x + dx_y) / 2
    strain: Array = np.sqrt(dx_x**2 + dy_y**2 + 2 * shear**2)
    return strain
