"""A small label by each face: apparent age, gender and quality, never outside the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mien.render.canvas import DARK, WHITE, Canvas, Colour, text_width_px
from mien.types import Face
from mien.types.arrays import FloatArray

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Text height in units, and the least and the most in px.
_TEXT_UNITS, _MIN_TEXT_PX, _MAX_TEXT_PX = 15.0, 11.0, 120.0
#: Labels may be wider than their face, up to this many times, before they are shortened.
_WIDER = 1.5


def wordings(face: Face) -> Iterator[str]:
    """Yield what can be said in a label, the longest first; nothing computed, nothing said."""
    age, gender, quality = _age(face), face.gender, face.quality
    said = [text for text in (age, gender) if text]
    if said and quality is not None:
        yield f"looks {', '.join(said)} · quality {quality:.0f}"
    if said:
        yield f"looks {', '.join(said)}"
    elif quality is not None:
        yield f"quality {quality:.0f}"
    if age and gender:
        yield f"{age} {gender[:1].upper()}"
    if age:
        yield age
    if face.age is not None:
        yield f"{face.age:.0f}"


def draw_label(canvas: Canvas, face: Face, box: FloatArray, colour: Colour) -> None:
    """Lay the longest wording that fits over, under or into the box (xyxy px of the canvas)."""
    size_px = float(np.clip(_TEXT_UNITS * canvas.unit_px, _MIN_TEXT_PX, _MAX_TEXT_PX))
    height, width = canvas.pixels.shape[:2]
    pad_px = 0.45 * size_px
    dot_px = 0.7 * size_px
    room_px = min(width - 2.0, max(_WIDER * float(box[2] - box[0]), 3 * size_px))
    for text in wordings(face):
        panel_w = text_width_px(text, size_px) + 2 * pad_px + dot_px
        panel_h = 1.55 * size_px
        if panel_w <= room_px and panel_h <= height / 3:
            break
    else:
        return
    left, top = place(box, (panel_w, panel_h), (width, height), gap_px=0.35 * size_px)
    panel = np.array([left, top, left + panel_w, top + panel_h], np.float32)
    canvas.panel(panel, DARK, alpha=0.72, radius_px=0.5 * size_px)
    middle = top + panel_h / 2
    dot = np.array([[left + pad_px + 0.12 * size_px, middle]], np.float32)
    canvas.discs(dot, 0.2 * size_px / canvas.unit_px, colour, rim=0)
    canvas.text(text, (left + pad_px + dot_px, middle), size_px, WHITE)


def place(
    box: FloatArray, panel_wh: tuple[float, float], picture_wh: tuple[int, int], *, gap_px: float
) -> tuple[float, float]:
    """Return the left top corner of a panel: above its box, else below, else inside at the top."""
    x1, y1, x2, y2 = (float(value) for value in box)
    panel_w, panel_h = panel_wh
    width, height = picture_wh
    left = min(max((x1 + x2 - panel_w) / 2, 1.0), width - panel_w - 1)
    if y1 - gap_px - panel_h >= 1:
        top = y1 - gap_px - panel_h
    elif y2 + gap_px + panel_h <= height - 1:
        top = y2 + gap_px
    else:
        top = min(max(y1 + gap_px, 1.0), height - panel_h - 1)
    return max(left, 0.0), min(max(top, 1.0), height - panel_h - 1)


def _age(face: Face) -> str | None:
    row = face.attribute("apparent_age")
    if row is None or row["value"] is None:
        return None
    spread = row.get("spread")
    return f"{row['value']:.0f}" + ("" if spread is None else f" ± {spread:.0f}")
