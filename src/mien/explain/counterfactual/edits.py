"""Ways to alter one region of a crop: another face's copied in, blurred, or painted over."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien.errors import InputError
from mien.explain.masking import soft_areas
from mien.geometry.mesh_warp import warp_face
from mien.types.arrays import BoolArray, ByteArray, FloatArray, IntArray

KINDS = ("copy", "blur", "inpaint")
#: In shares of the crop's side: blur of a blurred region, radius that painting looks round.
_BLUR, _RADIUS = 0.06, 0.03
#: A region of which less than this share is on the donor's mesh is not copied.
_LEAST_THERE = 0.5
_BORDER_PX = 2


@dataclass(frozen=True, slots=True, eq=False)
class Donor:
    """The face that regions are copied from: ``crop (h,w,3)`` and its mesh (468+,2|3) in it."""

    crop: ByteArray
    mesh: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Alternatives:
    """What each region that can be altered would look like.

    ``crops (E,h,w,3)``: crops whose pixels stand in for the region's; ``shares (E,h,w)`` float32
    0..1: how far each pixel is the region's, with soft edges; ``regions (E,)``: which they are.
    """

    crops: ByteArray
    shares: FloatArray
    regions: tuple[int, ...]

    def composed(self, crop: ByteArray, chosen: BoolArray) -> ByteArray:
        """Return crops (N,h,w,3) with the chosen (N,E) regions altered at once."""
        return np.stack([self._one(crop, np.flatnonzero(row)) for row in chosen])

    def changed(self, chosen: list[int]) -> BoolArray:
        """Return the pixels (h,w) that belong to a chosen region."""
        return np.asarray(self.shares[chosen].sum(axis=0) >= 0.5)

    def _one(self, crop: ByteArray, edits: IntArray) -> ByteArray:
        if not len(edits):
            return crop
        shares = self.shares[edits][..., None]
        left = np.clip(1 - shares.sum(axis=0), 0, 1)
        mixed = crop * left + (self.crops[edits] * shares).sum(axis=0)
        return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)


def alternatives(
    crop: ByteArray,
    labels: ByteArray,
    kind: str,
    *,
    mesh: FloatArray | None = None,
    donor: Donor | None = None,
) -> Alternatives:
    """Return each region of a crop altered in one way.

    ``copy``: the donor's face, warped by the mesh into the shape of this one (``mesh (468+,2|3)``
    px of the crop), with its gradients and this one's light (Perez et al. 2003); only regions that
    both meshes cover. ``blur``: as from far away. ``inpaint``: painted over from round the region
    (Telea 2004). Raises InputError for an unknown kind and a copy without donor.
    """
    present = [int(region) for region in np.flatnonzero(np.bincount(labels.ravel()))]
    height, width = crop.shape[:2]
    if kind == "copy":
        if donor is None or mesh is None:
            raise InputError("copy: needs a face to copy from; give a donor")
        swapped, there = _swapped(crop, mesh, donor)
        present = [region for region in present if there[labels == region].mean() >= _LEAST_THERE]
        crops = [swapped] * len(present)
    elif kind == "blur":
        sigma = _BLUR * max(height, width)
        blurred = cv2.GaussianBlur(crop, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
        there, crops = np.ones((height, width), bool), [blurred.astype(np.uint8)] * len(present)
    elif kind == "inpaint":
        there = np.ones((height, width), bool)
        crops = [_painted_over(crop, labels == region) for region in present]
    else:
        raise InputError(f"kind: got {kind!r}, expected one of {', '.join(KINDS)}")
    if not present:
        raise InputError("copy: no region of the two faces can be matched; take another donor")
    shares = soft_areas(labels, int(labels.max()) + 1).reshape(-1, height, width)
    return Alternatives(np.stack(crops), shares[present] * there, tuple(present))


def _painted_over(crop: ByteArray, area: BoolArray) -> ByteArray:
    if area.all():
        return crop
    radius = max(_RADIUS * max(crop.shape[:2]), 1.0)
    painted = cv2.inpaint(crop, area.astype(np.uint8), radius, cv2.INPAINT_TELEA)
    return np.asarray(painted, np.uint8)


def _swapped(crop: ByteArray, mesh: FloatArray, donor: Donor) -> tuple[ByteArray, BoolArray]:
    """Return the crop with all of the donor's face in it, and where that is."""
    height, width = crop.shape[:2]
    warped, there = warp_face(donor.crop, donor.mesh, mesh, (width, height))
    inside = np.zeros_like(there)
    inside[_BORDER_PX:-_BORDER_PX, _BORDER_PX:-_BORDER_PX] = True
    area = np.asarray(there & inside)
    if not area.any():
        return crop, area
    left, top, wide, tall = cv2.boundingRect(area.astype(np.uint8))
    middle = (left + wide // 2, top + tall // 2)
    mask = area.astype(np.uint8) * 255
    cloned = cv2.seamlessClone(warped, crop, mask, middle, cv2.NORMAL_CLONE)
    return np.asarray(cloned, np.uint8), area
