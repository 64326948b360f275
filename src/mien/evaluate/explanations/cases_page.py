"""Cases of the inpainting game as one HTML file, with their pictures: for private eyes only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mien.evaluate.explanations.playing import Board
from mien.io.atomic import whole_file
from mien.render.report.document import head
from mien.render.report.markup import Html, div, element, join, span
from mien.render.report.picture import data_uri
from mien.types import Image
from mien.types.arrays import BoolArray, ByteArray, FloatArray

_FOR, _AGAINST, _TRUE = (214, 40, 40), (40, 90, 214), (255, 214, 0)
#: How much of a pixel the strongest mark covers.
_COVER = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One case: the board, the map (h,w) of the method, what is said of it, and sample ids."""

    board: Board
    values: FloatArray
    said: str
    names: tuple[str, str, str]


def write_cases(path: str | Path, title: str, cases: Iterable[Shown]) -> None:
    """Write the page; it holds pictures of the people of the data set."""
    with whole_file(path) as page:
        opening = (Html("<!doctype html>\n<html lang=en>"), head(title, "evaluation.css"))
        note = (
            "Probe with what was replaced outlined; the map over it, red for the mate, blue "
            "against it; the mate; the mate with it replaced. The explainer saw the probe alone."
        )
        intro = element("header", element("h1", title), element("p", note, class_="protocol"))
        page.write(join(*opening, Html("<body>"), intro, Html("<main><ul class=mistakes>")) + "\n")
        for case in cases:
            page.write(_case(case) + "\n")
        page.write("</ul></main></body></html>\n")


def _case(case: Shown) -> Html:
    sides = [element("span", _picture(pixels), span("name", name)) for name, pixels in _sides(case)]
    return element(
        "li", div("side", *sides), element("p", case.said, " · ", " · ".join(case.names))
    )


def _sides(case: Shown) -> Iterator[tuple[str, ByteArray]]:
    board = case.board
    crop = board.case.crop
    yield "probe", outlined(crop, board.area)
    yield "map", outlined(marked(crop, case.values), board.area)
    yield "mate", board.mates[0]
    yield "inpainted", board.mates[1]


def marked(crop: ByteArray, values: FloatArray) -> ByteArray:
    """Return the crop (h,w,3) under its map (h,w): red where above 0, blue where below."""
    strength = np.abs(values) / max(float(np.abs(values).max()), 1e-12) * _COVER
    colour = np.where(values[..., None] > 0, _FOR, _AGAINST)
    grey = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    mixed: ByteArray = np.round(
        grey * (1 - strength[..., None]) + colour * strength[..., None]
    ).astype(np.uint8)
    return mixed


def outlined(crop: ByteArray, area: BoolArray) -> ByteArray:
    """Return the crop (h,w,3) with the outline of an area (h,w) drawn on it."""
    drawn = crop.copy()
    lines, _ = cv2.findContours(area.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(drawn, lines, -1, _TRUE, 1)
    return drawn


def _picture(pixels: ByteArray) -> Html:
    return element("img", src=data_uri(Image(pixels), quality=82), alt="", loading="lazy")
