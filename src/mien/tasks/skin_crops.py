"""The skin of cheeks and forehead in a small upright colour crop, in CIE L*a*b*."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from mien.geometry.canonical import mirrored_vertices
from mien.geometry.similarity import invert
from mien.geometry.warp import transform_points, warp_crops
from mien.tasks.crops import meshes
from mien.tasks.quality_crops import FACE_PX, face_maps, polygon_mask
from mien.types import Analysis, Image
from mien.types.arrays import Array, BoolArray, ByteArray, FloatArray

#: The subject's right cheek, below the eye and beside the nose, above where a beard begins.
_RIGHT_CHEEK = (117, 118, 119, 100, 142, 36, 205, 50)
#: Between the brows and the middle of the forehead; a fringe may cover part of it.
_FOREHEAD = (9, 107, 66, 69, 108, 151, 337, 299, 296, 336)


def lab_crops(pixels: ByteArray, mesh: FloatArray) -> tuple[Array, Array]:
    """Return L*a*b* crops and areas of the faces of one picture (H,W,3) uint8 RGB.

    Meshes (N,468+,2|3) px. Crops (N,144,144,3) float32, L* 0..100, of sRGB under D65 (CIE 1976);
    areas as in ``skin_crops``.
    """
    crops, masks = skin_crops(pixels, mesh)
    lab = [cv2.cvtColor(crop.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for crop in crops]
    return np.array(lab, np.float32).reshape(-1, FACE_PX, FACE_PX, 3), masks


def skin_crops(pixels: ByteArray, mesh: FloatArray) -> tuple[ByteArray, BoolArray]:
    """Return upright crops (N,144,144,3) uint8 RGB of the faces of one picture, and areas of skin.

    Meshes (N,468+,2|3) px. Areas (N,3,144,144): left cheek, right cheek, forehead. What lies
    outside the picture is in no area.
    """
    to_image = face_maps(mesh)
    crops = warp_crops(pixels, to_image, (FACE_PX, FACE_PX))
    points = transform_points(invert(to_image), mesh[:, :468, :2])
    areas = [_areas(face) for face in points]
    whole = np.full(pixels.shape[:2], 255, np.uint8)
    seen = warp_crops(whole, to_image, (FACE_PX, FACE_PX)) == 255
    masks = np.array(areas, np.bool_).reshape(-1, 3, FACE_PX, FACE_PX) & seen[:, None]
    return crops, masks


def measured_skin(
    images: Sequence[Image],
    analyses: Sequence[Analysis],
    measure: Callable[[Array, BoolArray], Array],
    *,
    width: int,
) -> Array:
    """Return what ``measure`` says of each face's L*a*b* crop and areas, in order (M,width)."""
    rows = [np.zeros((0, width))]
    for image, mesh in zip(images, meshes(analyses), strict=True):
        crops, areas = lab_crops(image.pixels, mesh)
        rows += [measure(crop, area)[None] for crop, area in zip(crops, areas, strict=True)]
    return np.concatenate(rows)


def even_skin(lab: Array, area: BoolArray) -> Array:
    """Return the pixels (K,3) of an area that are neither in shadow nor shine.

    Of the area's pixels the darkest 30 % (hair, shadow, beard) and the brightest 10 % (shine) are
    left out, and what the camera clipped.
    """
    pixels = lab[area]
    pixels = pixels[(pixels[:, 0] > 2) & (pixels[:, 0] < 98)]
    if not len(pixels):
        return pixels
    low, high = np.quantile(pixels[:, 0], [0.3, 0.9])
    chosen: Array = pixels[(pixels[:, 0] >= low) & (pixels[:, 0] <= high)]
    return chosen


def _areas(points: FloatArray) -> list[BoolArray]:
    right = list(_RIGHT_CHEEK)
    left = [int(mirrored_vertices()[vertex]) for vertex in right]
    return [polygon_mask(points[area], FACE_PX) for area in (left, right, list(_FOREHEAD))]
