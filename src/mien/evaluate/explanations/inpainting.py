"""One characteristic of a face replaced by another person's: warped by the mesh, blended in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np

from mien.geometry.face_parts import FACE_PARTS
from mien.geometry.mesh_warp import warp_face
from mien.types.arrays import BoolArray, ByteArray, FloatArray

#: What is replaced at once, and the parts of the face that it consists of. Both sides of what a
#: face has twice: one eye of another person is a change that recognisers hardly notice.
CHARACTERISTICS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "brows": ("left_brow", "right_brow"),
        "eyes": ("left_eye", "right_eye"),
        "eyes and brows": ("left_eye", "right_eye", "left_brow", "right_brow"),
        "nose": ("nose",),
        "mouth": ("mouth",),
        "cheeks": ("left_cheek", "right_cheek"),
        "forehead": ("forehead",),
        "chin": ("chin",),
    }
)
#: Fewer pixels of a crop are nothing to judge by.
_FEWEST_PX = 60
#: Blending needs pixels round the area.
_BORDER_PX = 2


def true_parts(characteristic: str) -> BoolArray:
    """Return which of FACE_PARTS (R,) belong to a characteristic."""
    return np.isin(FACE_PARTS, CHARACTERISTICS[characteristic])


def true_area(labels: ByteArray, characteristic: str) -> BoolArray:
    """Return where (h,w) the characteristic lies, given the part of each pixel."""
    return true_parts(characteristic)[labels]


def donated(
    crop: ByteArray, mesh: FloatArray, donor_crop: ByteArray, donor_mesh: FloatArray
) -> tuple[ByteArray, BoolArray]:
    """Return the donor's face in the shape of the one in ``crop``, and where it can be used."""
    height, width = crop.shape[:2]
    warped, there = warp_face(donor_crop, donor_mesh, mesh, (width, height))
    inner = np.zeros_like(there)
    inner[_BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX] = True
    return warped, there & inner


def inpainted(
    crop: ByteArray, donor: tuple[ByteArray, BoolArray], area: BoolArray
) -> ByteArray | None:
    """Return the crop with the donor's face in ``area (h,w)``; ``None`` where too little is there.

    ``donor``: what ``donated`` gives. Gradients are the donor's, colour and light the crop's
    (Pérez et al. 2003), so that the edge of the area does not show. No pixel outside is changed.
    """
    warped, there = donor
    mask = (area & there).astype(np.uint8)
    if mask.sum() < max(_FEWEST_PX, 0.5 * area.sum()):
        return None
    left, top, width, height = cv2.boundingRect(mask)
    middle = (left + width // 2, top + height // 2)
    blended = cv2.seamlessClone(warped, crop, mask * 255, middle, cv2.NORMAL_CLONE)
    return np.where(area[..., None], blended, crop).astype(np.uint8)
