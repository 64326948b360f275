"""Quality: how good a picture of a face is for recognising it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from mien.geometry.align import group_means
from mien.geometry.openness import eye_opening, mouth_opening
from mien.models import get_spec
from mien.tasks.columns import with_column
from mien.tasks.crops import all_meshes
from mien.tasks.quality_crops import (
    FACE_PX,
    WIDE_PX,
    block_part,
    face_maps,
    grey_crop,
    in_wide_crop,
    outlines,
    polygon_mask,
    wide_maps,
)
from mien.tasks.quality_measures import (
    background_gradient,
    blockiness,
    cheek_overlap,
    detail_ratio,
    entropy_bits,
    luminance_shares,
)
from mien.tasks.quality_scores import LABELS, component_scores, fitted, unified_score
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image
from mien.types.arrays import Array, ByteArray, FloatArray

#: Measures that need pixels, in the order in which ``measure_pixels`` returns them.
PIXEL_MEASURES = (
    *("detail_ratio", "dark_share", "bright_share", "entropy_bits", "cheek_overlap"),
    *("background_gradient", "blockiness"),
)
#: Grey levels up to and from which a pixel counts as too dark and too bright (ISO/IEC 29794-5).
_DARK, _BRIGHT = 25, 247
#: Log-odds of a face's presence at which it counts as half occluded, and their scale, of each mesh
#: network: median and quartile distance on LFW brought together.
PRESENCE = {"facemesh.attention": (20.0, 4.0), "facemesh.plain": (12.0, 5.7)}
_EYES = ((362, 263), (33, 133))
#: Beyond this turn the distance of the eyes says nothing about the size of the face.
_MAX_YAW_DEG = 75.0


@register
class QualityTask:
    """Adds the attribute ``quality``: unified score and components, 0..100."""

    name: ClassVar[str] = "quality"
    requires: ClassVar[tuple[str, ...]] = ("landmarks", "pose")

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Measure every face of every picture."""
        mesh = all_meshes(analyses)
        owners = [image.pixels for image, a in zip(images, analyses, strict=True) for _ in a.found]
        centre, scale = PRESENCE.get(self.options.mesh, (np.nan, 1.0))
        presence = (_column(analyses, "face_presence", "log_odds") - centre) / scale
        angles_deg = {
            label: _column(analyses, "pose", label)
            for label in ("yaw_deg", "pitch_deg", "roll_deg")
        }
        measures = measure_pixels(owners, mesh) | measure_mesh(mesh, angles_deg["yaw_deg"])
        measures |= angles_deg | {"presence": presence}
        column = quality_attribute(measures, get_spec(self.options.mesh).model_id)
        return with_column(analyses, "quality", column)

    def models(self) -> tuple[str, ...]:
        """No network of its own."""
        return ()

    def missing(self) -> str | None:
        """Nothing: quality is measured on the picture and the mesh."""
        return None


def quality_attribute(measures: Mapping[str, Array], model_id: str) -> Attribute:
    """Return the quality column (N,15) of raw measures (N,) by name."""
    components = component_scores(measures)
    unified = unified_score(components, fitted())
    return Attribute(
        np.column_stack([unified, components]), "scalar", model_id, LABELS, unit="0-100"
    )


def measure_mesh(mesh: FloatArray, yaw_deg: Array) -> dict[str, Array]:
    """Return measures (N,) of meshes (N,468+,2|3) px with yaw (N,).

    The distance of the eye centres is that of a face that looks into the camera: divided by the
    cosine of yaw, at most 75 degrees.
    """
    eyes = group_means(mesh, _EYES)
    turned = np.deg2rad(np.minimum(np.abs(np.nan_to_num(yaw_deg)), _MAX_YAW_DEG))
    return {
        "inter_eye_px": np.linalg.norm(eyes[:, 0] - eyes[:, 1], axis=1) / np.cos(turned),
        "eye_opening": eye_opening(mesh).min(axis=1),
        "mouth_opening": mouth_opening(mesh),
    }


def measure_pixels(pixels: Sequence[ByteArray], mesh: FloatArray) -> dict[str, Array]:
    """Return PIXEL_MEASURES by name, (N,) each.

    ``pixels``: for each face the picture (H,W,3) uint8 RGB it is in; meshes (N,468+,2|3) px.
    """
    face_to = face_maps(mesh)
    wide_to, lines = wide_maps(face_to), outlines(mesh, face_to)
    rows = np.empty((len(mesh), len(PIXEL_MEASURES)))
    for index, row in enumerate(rows):
        picture = pixels[index]
        row[:5] = _face_measures(picture, face_to[index], lines[index])
        wide, inside = grey_crop(picture, wide_to[index], WIDE_PX)
        row[5] = background_gradient(wide, inside, in_wide_crop(lines[index]))
        row[6] = blockiness(block_part(picture, mesh[index]))
    return dict(zip(PIXEL_MEASURES, rows.T, strict=True))


def _face_measures(
    pixels: ByteArray, to_image: FloatArray, outline: FloatArray
) -> tuple[float, ...]:
    grey, inside = grey_crop(pixels, to_image, FACE_PX)
    mask = polygon_mask(outline, FACE_PX) & inside
    shares = luminance_shares(grey, mask)
    return (
        detail_ratio(grey, mask),
        float(shares[: _DARK + 1].sum()),
        float(shares[_BRIGHT:].sum()),
        entropy_bits(shares),
        cheek_overlap(grey, mask),
    )


def _column(analyses: Sequence[Analysis], attribute: str, label: str) -> Array:
    """Return one labelled column (M,) of an attribute over all faces; NaN where it is absent."""
    parts = [np.zeros(0)]
    for analysis in analyses:
        column = analysis.found.attributes.get(attribute)
        if column is None or label not in column.labels:
            parts.append(np.full(len(analysis.found), np.nan))
        else:
            parts.append(column.values[:, column.labels.index(label)])
    return np.concatenate(parts)
