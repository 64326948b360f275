"""One picture of the report: the picture with live outlines, and a card a face."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

import cv2
import numpy as np

from mien.render.crops import crops
from mien.render.draw import resized
from mien.render.outlines import Line
from mien.render.palette import face_colour
from mien.render.report.card import face_card
from mien.render.report.markup import Html, div, element, span
from mien.types import Boxes, Faces, Image

_CROP_PX = 144
#: From so many faces on, the cards fold their details.
_MANY_FACES = 4
#: Pictures flatter than this, or of several faces, stand above their cards, others beside.
_FLAT_ASPECT = 1.7
_LARGER = 2


def picture_section(
    record: Mapping[str, Any],
    lines: Sequence[Sequence[Line]],
    image: Image | None,
    *,
    number: int,
    long_side_px: int,
) -> Html:
    """Return the section of one analysed picture.

    ``lines``: outlines of each face, in px of the picture; ``image``: the picture, or ``None``
    where it cannot be read any more: its cards are shown without it.
    """
    faces, anchor = record["faces"], f"p{number}"
    uris = _crop_uris(image, record) if image is not None else [None] * len(faces)
    brief = len(faces) > _MANY_FACES
    cards = [
        face_card(face, row + 1, anchor=anchor, crop_uri=uri, brief=brief)
        for row, (face, uri) in enumerate(zip(faces, uris, strict=True))
    ]
    flat = record["width"] > _FLAT_ASPECT * record["height"]
    kind = "bare" if not cards else "stacked" if flat or len(cards) > 1 else "beside"
    body = div("cards", *cards) if cards else element("p", "No face found.", class_="none")
    return element(
        "article",
        _title(record),
        div(f"spread {kind}", _figure(record, lines, image, anchor, long_side_px), body),
        class_="picture",
        id=anchor,
    )


def _title(record: Mapping[str, Any]) -> Html:
    source = PurePath(record["source"] or "picture")
    count = len(record["faces"])
    facts = f"{record['width']} x {record['height']} px · {count} face{'' if count == 1 else 's'}"
    folder = "" if str(source.parent) == "." else f"{source.parent}/"
    return element("h2", span("folder", folder), source.name, span("facts", facts))


def _figure(
    record: Mapping[str, Any],
    lines: Sequence[Sequence[Line]],
    image: Image | None,
    anchor: str,
    long_side_px: int,
) -> Html:
    size_wh = (record["width"], record["height"])
    scale = min(1.0, long_side_px / max(size_wh))
    width, height = (max(round(side * scale), 1) for side in size_wh)
    if image is None:
        shown = element("p", "The picture could not be read again.", class_="none")
    else:
        thumbnail = image if scale == 1 else resized(image, scale)
        shown = element(
            "img",
            src=data_uri(thumbnail),
            alt=f"{PurePath(record['source'] or 'picture').name} with its faces outlined",
            width=str(width),
            height=str(height),
            loading="eager" if anchor == "p1" else "lazy",
        )
    marks = [
        _mark(face, row, faces_lines, scale, anchor, max(width, height))
        for row, (face, faces_lines) in enumerate(zip(record["faces"], lines, strict=True))
    ]
    overlay = element(
        "svg", *marks, viewBox=f"0 0 {width} {height}", class_="overlay", aria_hidden="false"
    )
    frame = div("frame", shown, overlay, style=f"aspect-ratio:{width}/{height}")
    # Small pictures are shown larger, but not as a blur; tall ones must fit the screen.
    widest = f"--w:min({_LARGER * width}px,{86 * width / height:.1f}vh)"
    return element("figure", frame, class_="shown", style=widest)


def _mark(
    face: Mapping[str, Any],
    row: int,
    lines: Sequence[Line],
    scale: float,
    anchor: str,
    long_side: int,
) -> Html:
    """The outline of one face; it leads to the face's card."""
    x, y = face["box"]["x0"] * scale, face["box"]["y0"] * scale
    width = face["box"]["x1"] * scale - x
    height = face["box"]["y1"] * scale - y
    corner = 0.12 * min(width, height)
    box = element(
        "rect",
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        width=f"{width:.1f}",
        height=f"{height:.1f}",
        rx=f"{corner:.1f}",
    )
    drawn = [
        element("path", d=_path(lines, scale, parts), class_=class_)
        for class_, parts in _STYLES.items()
    ]
    size = float(np.clip(0.3 * width, 0.016 * long_side, 0.03 * long_side))
    at_y = y - 0.35 * size if y > 1.4 * size else y + height + size
    name = element("text", f"{row + 1}", x=f"{x + width / 2:.1f}", y=f"{at_y:.1f}", font_size=size)
    red, green, blue = face_colour(row)
    return element(
        "a",
        element("title", f"Face {row + 1}"),
        box,
        *drawn,
        name,
        href=f"#{anchor}f{row + 1}",
        id=f"{anchor}o{row + 1}",
        style=f"--c:rgb({red} {green} {blue})",
    )


_STYLES = {"soft": ("oval", "nose"), "fine": ("brow", "eye", "lips"), "iris": ("iris",)}


def _path(lines: Sequence[Line], scale: float, parts: tuple[str, ...]) -> str:
    drawn = []
    for line in lines:
        if line.part in parts:
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (line.points * scale).tolist())
            drawn.append(f"M{points}{'Z' if line.closed else ''}")
    return "".join(drawn)


def _crop_uris(image: Image, record: Mapping[str, Any]) -> list[str]:
    faces = faces_of(record)
    return [data_uri(crop, quality=84) for crop in crops(image, faces, size_px=_CROP_PX)]


def faces_of(record: Mapping[str, Any]) -> Faces:
    """Return boxes, scores and turns of a record's faces."""
    rows = record["faces"]
    size_wh = (record["width"], record["height"])
    if not rows:
        return Faces.empty(size_wh)
    boxes = [[row["box"][key] for key in ("x0", "y0", "x1", "y1")] for row in rows]
    score = np.array([row["detection_score"] for row in rows], np.float32)
    turn = np.array([row["rotation_deg"] for row in rows], np.float32)
    return Faces(size_wh, Boxes(np.array(boxes, np.float32)), score, rotation_deg=turn)


def data_uri(image: Image, *, quality: int = 80) -> str:
    """Return the picture as a JPEG inside a data: URI."""
    bgr = np.ascontiguousarray(image.pixels[:, :, ::-1])
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode("ascii")
