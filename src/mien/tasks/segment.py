"""Segment: which pixels show a person, and which part of which face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np

from mien.geometry.regions import REGIONS, region_mask
from mien.geometry.similarity import square_roi
from mien.geometry.warp import warp_crops
from mien.models import get_spec, load
from mien.tasks.crops import meshes
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image
from mien.types.arrays import Array, ByteArray, FloatArray

_MODEL = "selfie.mediapipe"
_SIDE_PX = 256


@register
class SegmentTask:
    """Adds the image attributes ``person_mask`` (0..255) and ``face_regions`` (labels)."""

    name: ClassVar[str] = "segment"
    requires: ClassVar[tuple[str, ...]] = ("landmarks",)

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Run the person network on all pictures, and draw the regions of all faces."""
        network = load(_MODEL, device=self.options.device, threads=1)
        crops = [letterbox(image.pixels) for image in images]
        squares = np.concatenate(crops or [np.zeros((0, _SIDE_PX, _SIDE_PX, 3), np.uint8)])
        masks = network(squares)["mask"]
        return [
            analysis if analysis.faces is None else self._add(analysis, image.size_wh, person, mesh)
            for analysis, image, person, mesh in zip(
                analyses, images, masks, meshes(analyses), strict=True
            )
        ]

    def _add(
        self, analysis: Analysis, size_wh: tuple[int, int], square: FloatArray, mesh: FloatArray
    ) -> Analysis:
        person = Attribute(person_mask(square, size_wh)[None], "map", get_spec(_MODEL).model_id)
        regions = Attribute(
            region_mask(mesh, size_wh)[None], "map", get_spec(self.options.mesh).model_id, REGIONS
        )
        analysis = analysis.with_image_attribute("person_mask", person)
        return analysis.with_image_attribute("face_regions", regions)

    def models(self) -> tuple[str, ...]:
        """Return the person network's name."""
        return (_MODEL,)

    def missing(self) -> str | None:
        """Nothing: the network comes with mien."""
        return None


def letterbox(pixels: ByteArray) -> ByteArray:
    """Return the picture (H,W,3) in the middle of a black square: (1,256,256,3) uint8."""
    return warp_crops(pixels, _square(pixels.shape[1::-1]), (_SIDE_PX, _SIDE_PX))


def person_mask(square: FloatArray, size_wh: tuple[int, int]) -> ByteArray:
    """Bring a mask (256,256) of 0..1 over the letterboxed square back to the picture.

    Returns (H,W) uint8: 0 no person, 255 certainly a person.
    """
    to_centres = _square(size_wh)[0].astype(np.float64)
    to_centres[:, 2] += to_centres[:, :2].sum(axis=1) / 2 - 0.5
    values = np.round(np.clip(square, 0, 1) * 255).astype(np.uint8)
    edge = cv2.BORDER_REPLICATE
    mask: ByteArray = cv2.warpAffine(
        values, to_centres, size_wh, flags=cv2.INTER_LINEAR, borderMode=edge
    ).astype(np.uint8, copy=False)
    return mask


def _square(size_wh: tuple[int, ...]) -> Array:
    """Return the map (1,2,3) from the network's square to the square round the picture."""
    size = np.asarray(size_wh, np.float32)
    return square_roi(size[None] / 2, size[None].max(axis=1), np.zeros(1), _SIDE_PX)
