"""Crops of all faces of a batch of pictures, in one array, and back again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.geometry.align import alignment_maps
from mien.geometry.warp import warp_crops
from mien.models import Preprocess
from mien.types import Analysis, Image
from mien.types.arrays import Array, ByteArray, FloatArray


def crop_faces(
    images: Sequence[Image], to_image: Sequence[FloatArray], size_wh: tuple[int, int]
) -> ByteArray:
    """Cut (M,h,w,3) uint8 crops: for each picture one per map (N_i,2,3) in ``to_image``."""
    width, height = size_wh
    crops = np.empty((sum(map(len, to_image)), height, width, 3), np.uint8)
    start = 0
    for image, maps in zip(images, to_image, strict=True):
        end = start + len(maps)
        warp_crops(image.pixels, maps, size_wh, out=crops[start:end])
        start = end
    return crops


def aligned_crops(
    images: Sequence[Image], analyses: Sequence[Analysis], wanted: Preprocess
) -> ByteArray:
    """Cut (M,h,w,3) uint8 crops of all faces of the batch, each as a network wants it aligned."""
    to_image = alignment_maps(all_meshes(analyses), wanted.alignment)
    return crop_faces(images, split_rows(to_image, analyses), wanted.size_wh)


def split_rows(rows: Array, analyses: Sequence[Analysis]) -> list[Array]:
    """Split an array with one row for each face of the batch into one part a picture."""
    ends = np.cumsum([len(analysis.found) for analysis in analyses])
    return np.split(rows, ends[:-1]) if len(analyses) else []


def meshes(analyses: Sequence[Analysis]) -> list[FloatArray]:
    """Return each picture's face meshes (N_i,468+,3) px, whichever mesh was computed."""
    found = []
    for analysis in analyses:
        landmarks = analysis.found.landmarks
        column = landmarks.get("mesh478", landmarks.get("mesh468"))
        found.append(np.zeros((0, 478, 3), np.float32) if column is None else column.points)
    return found


def all_meshes(analyses: Sequence[Analysis]) -> FloatArray:
    """Return the meshes (M,468|478,3) px of all faces of the batch, in order."""
    found = [mesh for mesh in meshes(analyses) if len(mesh)]
    return np.concatenate(found) if found else np.zeros((0, 478, 3), np.float32)
