"""Draw what was found onto a copy of the picture."""

from __future__ import annotations

from collections.abc import Collection

import cv2
import numpy as np

from mien.errors import ArrayError, InputError
from mien.render.canvas import WHITE, Canvas, rounded_box
from mien.render.head import head_axes
from mien.render.label import draw_label
from mien.render.outlines import outlines, smooth
from mien.render.palette import AXIS_COLOURS, GAZE_COLOUR, face_colour
from mien.types import Analysis, Face, Faces, Image
from mien.types.arrays import FloatArray

PARTS = ("outlines", "box", "points", "pose", "gaze", "label")
#: A picture of 1000 x 1000 px is drawn with lines one pixel wide, one of 12 megapixels with 3.5.
_UNIT_AREA_PX = 1000.0
#: Faces with a shorter box than this (in units) get their box and label only.
_DETAIL_UNITS = 44.0
#: ... and lines on faces smaller than this are drawn finer.
_FULL_WIDTH_UNITS = 160.0


def draw(
    image: Image,
    analysis: Analysis | Faces,
    *,
    parts: Collection[str] = PARTS,
    long_side_px: int | None = None,
) -> Image:
    """Return a copy of the picture with its faces drawn on it.

    ``parts``: any of PARTS; what was not computed is left out. ``long_side_px`` resizes the picture
    first, so that lines stay crisp (default: its own size). Raises ArrayError when the analysis
    belongs to a picture of another size, InputError for an unknown part.
    """
    faces = analysis.found if isinstance(analysis, Analysis) else analysis
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise InputError(f"parts: got {', '.join(unknown)}, expected any of {', '.join(PARTS)}")
    if len(faces) and faces.image_size_wh != image.size_wh:
        raise ArrayError(
            f"draw: the picture has size {image.size_wh}, the faces were found in one of "
            f"{faces.image_size_wh}; draw onto the picture that was analysed"
        )
    scale = 1.0 if long_side_px is None else long_side_px / max(image.size_wh)
    pixels = image.pixels if scale == 1.0 else resized(image, scale).pixels
    canvas = Canvas(pixels, unit_px(pixels.shape[1], pixels.shape[0]))
    # Large faces first: the small ones in front stay visible.
    for index in np.argsort(-faces.boxes.wh.prod(axis=1)):
        _draw_face(canvas, faces[int(index)], scale, parts)
    if "label" in parts:
        for face in faces:
            draw_label(canvas, face, _box(face, scale), face_colour(face.index))
    return Image(canvas.pixels, image.source, image.timestamp_s, image.content_sha256)


def unit_px(width: int, height: int) -> float:
    """Return the width in px of a thin line on a picture of this size."""
    return float(np.clip(np.sqrt(width * height) / _UNIT_AREA_PX, 0.6, 12.0))


def resized(image: Image, scale: float) -> Image:
    """Return the picture ``scale`` times as large (at least 1x1), averaged when it shrinks."""
    width, height = (max(round(side * scale), 1) for side in image.size_wh)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    pixels = cv2.resize(image.pixels, (width, height), interpolation=how).astype(np.uint8)
    return Image(pixels, image.source, image.timestamp_s, image.content_sha256)


def _box(face: Face, scale: float) -> FloatArray:
    return np.asarray(face.box, np.float32) * scale


def _draw_face(canvas: Canvas, face: Face, scale: float, parts: Collection[str]) -> None:
    box = _box(face, scale)
    side_px = float((box[2:] - box[:2]).min())
    units = side_px / canvas.unit_px
    if units >= _DETAIL_UNITS:
        fine = min(1.0, units / _FULL_WIDTH_UNITS)
        if "outlines" in parts:
            _draw_outlines(canvas, face, scale, fine)
        if "points" in parts:
            _draw_points(canvas, face, scale, fine)
        if "pose" in parts:
            _draw_pose(canvas, face, scale, fine)
        if "gaze" in parts:
            _draw_gaze(canvas, face, scale, fine)
    if "box" in parts:
        _draw_box(canvas, box, face_colour(face.index))


def _draw_box(canvas: Canvas, box: FloatArray, colour: tuple[int, int, int]) -> None:
    """A faint outline with round corners, and the corners again, stronger."""
    side_px = float((box[2:] - box[:2]).min())
    radius_px = 0.12 * side_px
    outline = rounded_box(box, radius_px)
    canvas.stroke([(outline, True)], WHITE, width=0.8, alpha=0.35, rim=0.3)
    reach = 0.06 * side_px
    ticks = []
    inward = np.array([[[0, 1], [1, 0]], [[-1, 0], [0, 1]], [[0, -1], [-1, 0]], [[1, 0], [0, -1]]])
    for arc, (start, end) in zip(outline.reshape(4, 8, 2), inward, strict=True):
        ticks.append(
            (np.concatenate([arc[:1] + reach * start, arc, arc[-1:] + reach * end]), False)
        )
    canvas.stroke(ticks, colour, width=2.2, rim=0.5)


def _draw_outlines(canvas: Canvas, face: Face, scale: float, fine: float) -> None:
    found = outlines(face.faces.landmarks, face.index)
    for wanted, width, alpha in (
        (("oval", "nose"), 0.7, 0.4),
        (("brow", "eye", "lips"), 0.9, 0.75),
    ):
        lines = [(smooth(line) * scale, line.closed) for line in found if line.part in wanted]
        canvas.stroke(lines, WHITE, width=width * fine, alpha=alpha, rim=0.5)
    irises = [(line.points * scale, True) for line in found if line.part == "iris"]
    canvas.stroke(irises, face_colour(face.index), width=1.1 * fine, alpha=0.95, rim=0.3)


def _draw_points(canvas: Canvas, face: Face, scale: float, fine: float) -> None:
    points = face.landmarks("five")
    if points is None:
        points = face.landmarks("blaze6")
    if points is not None:
        canvas.discs(points[:, :2] * scale, 1.7 * fine, face_colour(face.index))


def _draw_pose(canvas: Canvas, face: Face, scale: float, fine: float) -> None:
    """Three thin axes from the tip of the nose (or the middle of the box)."""
    pose = face.pose
    angles = [
        None if pose is None else pose.get(f"{name}_deg") for name in ("yaw", "pitch", "roll")
    ]
    known = [angle for angle in angles if angle is not None]
    if len(known) < 3:
        return
    five = face.landmarks("five")
    box = _box(face, scale)
    origin = (box[:2] + box[2:]) / 2 if five is None else five[2, :2] * scale
    axes, reach = head_axes(*known), 0.3 * float((box[2:] - box[:2]).min())
    # The axis nearest to the camera is drawn last.
    for index in np.argsort(-axes[:, 2]):
        tip = origin + reach * axes[index, :2]
        line = [(np.stack([origin, tip]), False)]
        canvas.stroke(line, AXIS_COLOURS[index], width=1.5 * fine)


def _draw_gaze(canvas: Canvas, face: Face, scale: float, fine: float) -> None:
    """A ray from each iris (or eye) to where the gaze goes."""
    gaze, five = face.gaze, face.landmarks("five")
    if gaze is None or five is None:
        return
    x, y = gaze.get("direction_x"), gaze.get("direction_y")
    if x is None or y is None:
        return
    rings = [line for line in outlines(face.faces.landmarks, face.index) if line.part == "iris"]
    eyes = [ring.points.mean(axis=0) for ring in rings] or list(five[:2, :2])
    box = _box(face, scale)
    reach = 0.4 * float((box[2:] - box[:2]).min()) * np.array([x, y], np.float32)
    rays = [(np.stack([eye * scale, eye * scale + reach]), False) for eye in eyes]
    canvas.stroke(rays, GAZE_COLOUR, width=1.5 * fine, alpha=0.9)
    canvas.discs(np.stack([ray[1] for ray, _ in rays]), 1.5 * fine, GAZE_COLOUR)
