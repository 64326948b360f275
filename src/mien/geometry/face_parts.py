"""The parts of a face that reasons are given in: thirteen areas that together cover a picture."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from mien.geometry.align import group_means
from mien.geometry.canonical import canonical_face, mirrored_vertices
from mien.geometry.facemesh import LEFT_EYE, LIPS, RIGHT_EYE
from mien.geometry.regions import BROW_RIGHT, NOSE_RIGHT, SHIFT, fixed_points, hull
from mien.geometry.visibility import vertex_visibility
from mien.types.arrays import BoolArray, ByteArray, FloatArray, IntArray

#: What the values of a map of face parts mean, in this order. Left and right are the subject's.
FACE_PARTS: tuple[str, ...] = (
    *("background", "hair", "contour", "forehead", "left_brow", "right_brow"),
    *("left_eye", "right_eye", "nose", "left_cheek", "right_cheek", "mouth", "chin"),
)
#: Widths in units of the side of a square as large as the face: of the rim that counts as contour,
#: of what is added round brows and lips, and of the hair above and beside the face.
_RIM, _ROUND, _HAIR = 0.09, 0.03, 0.42
#: In the canonical face (unit: distance of the outer eye corners; y down from the eyes): what is
#: above _BROWS_Y is forehead, what is below _LIPS_Y and this near to the middle is chin; the rim
#: is forehead, too, above _TEMPLE_Y, and hair reaches down to the lobes of the ears.
_BROWS_Y, _LIPS_Y, _CHIN_X, _TEMPLE_Y, _LOBES_Y = -0.06, 0.78, 0.36, -0.35, 0.55
_EYES, _MOUTH = ((263, 362), (33, 133)), ((61, 291),)


def face_parts(mesh: FloatArray, size_wh: tuple[int, int]) -> ByteArray:
    """Return the part (H,W) uint8 that each pixel shows, an index into FACE_PARTS.

    ``mesh (468+,3)`` px of one face. Hair is not looked for: it is what lies above and beside the
    face, down to the lobes of the ears, whether hair, hat or wall.
    """
    labels = np.zeros(size_wh[::-1], np.uint8)
    face = _painted(size_wh, hull(mesh[:468, :2]))
    size_px = float(np.sqrt(max(cv2.contourArea(hull(mesh[:468, :2])), 1.0)))
    labels[_hair(mesh, face, _HAIR * size_px)] = FACE_PARTS.index("hair")
    labels[face] = _skin(mesh, size_wh)[face]
    inner = cv2.erode(face.astype(np.uint8), _disc(_RIM * size_px), borderValue=0) > 0
    labels[face & ~inner & (_canonical_y(mesh, size_wh) > _TEMPLE_Y)] = FACE_PARTS.index("contour")
    for name, vertices, margin in _outlines():
        shape = _painted(size_wh, mesh[list(vertices), :2])
        if margin:
            shape = cv2.dilate(shape.astype(np.uint8), _disc(margin * size_px)) > 0
        labels[shape] = FACE_PARTS.index(name)
    return labels


@cache
def _outlines() -> tuple[tuple[str, tuple[int, ...], float], ...]:
    """Return name, outline in vertices and margin of each part with one, in drawing order."""
    mirrored = [int(vertex) for vertex in mirrored_vertices()]
    nose, brow = list(NOSE_RIGHT), list(BROW_RIGHT)
    lips = (*LIPS[:11], *reversed(LIPS[11:20]))
    return (
        ("nose", (*nose, *(mirrored[vertex] for vertex in nose[-2:0:-1])), _ROUND),
        # The third ring round an eye is the socket: lids, lashes and what is right below them.
        ("left_eye", (*LEFT_EYE[32:41], *reversed(LEFT_EYE[41:48])), 0.0),
        ("right_eye", (*RIGHT_EYE[32:41], *reversed(RIGHT_EYE[41:48])), 0.0),
        ("left_brow", tuple(mirrored[vertex] for vertex in brow), _ROUND),
        ("right_brow", tuple(brow), _ROUND),
        ("mouth", lips, _ROUND),
    )


def _skin(mesh: FloatArray, size_wh: tuple[int, int]) -> ByteArray:
    """Return the part (H,W) of skin that the nearest visible vertex stands for."""
    return _vertex_parts()[_nearest_vertex(mesh, size_wh)]


def _canonical_y(mesh: FloatArray, size_wh: tuple[int, int]) -> FloatArray:
    y: FloatArray = canonical_face()[:, 1][_nearest_vertex(mesh, size_wh)]
    return y


def _nearest_vertex(mesh: FloatArray, size_wh: tuple[int, int]) -> IntArray:
    """Return the visible vertex (H,W) nearest to each pixel."""
    # OpenCV hands on the label of the nearest zero pixel; labels count zero pixels from 1.
    seen = np.flatnonzero(vertex_visibility(mesh[None, :468], np.ones(1))[0] >= 0.5)
    places = np.floor(mesh[seen, :2]).astype(int)
    inside = ((places >= 0) & (places < size_wh)).all(axis=1)
    free = np.ones(size_wh[::-1], np.uint8)
    owner = np.zeros(size_wh[::-1], np.int64)
    x, y = places[inside].T
    free[y, x] = 0
    owner[y, x] = seen[inside]
    _, label = cv2.distanceTransformWithLabels(free, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(label.max()) + 1, np.int64)
    table[label[free == 0]] = owner[free == 0]
    nearest: IntArray = table[label]
    return nearest


@cache
def _vertex_parts() -> ByteArray:
    """Return the part of skin (468,) that each vertex stands for, from where it lies."""
    x, y = canonical_face()[:, 0], canonical_face()[:, 1]
    names = np.where(x > 0, "left_cheek", "right_cheek").astype("<U16")
    names[y < _BROWS_Y] = "forehead"
    names[(y > _LIPS_Y) & (np.abs(x) < _CHIN_X)] = "chin"
    parts: ByteArray = np.array([FACE_PARTS.index(name) for name in names], np.uint8)
    return parts


def _hair(mesh: FloatArray, face: BoolArray, width_px: float) -> BoolArray:
    """Return where (H,W) hair is taken to be: round the face, above the lobes of the ears."""
    eyes = group_means(mesh[None], _EYES)[0].mean(axis=0)
    mouth = group_means(mesh[None], _MOUTH)[0, 0]
    down = (mouth - eyes) / max(float(np.linalg.norm(mouth - eyes)), 1e-6)
    # The mouth lies 0.76 units below the eyes in the canonical face.
    lobes = eyes + (mouth - eyes) * (_LOBES_Y / 0.76)
    rows, columns = np.mgrid[: face.shape[0], : face.shape[1]]
    above = (columns + 0.5 - lobes[0]) * down[0] + (rows + 0.5 - lobes[1]) * down[1] < 0
    # Far outside, distances to the face are those to its hull: no border cuts them.
    away = cv2.distanceTransform((~face).astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(above & ~face & (away < width_px))


def _painted(size_wh: tuple[int, int], points: FloatArray) -> BoolArray:
    mask = np.zeros(size_wh[::-1], np.uint8)
    cv2.fillPoly(mask, [fixed_points(points)], 1, shift=SHIFT)
    return mask > 0


def _disc(radius_px: float) -> ByteArray:
    side = 2 * max(1, round(radius_px)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)
