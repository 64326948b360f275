"""Plots: well-formed, every line named, points where they belong, in a page and as a file."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from mien.render.plot import Axis, Line, plot, standalone

SVG = "{http://www.w3.org/2000/svg}"


def points(drawn: str, number: int = 0) -> list[tuple[float, float]]:
    line = list(ElementTree.fromstring(drawn).iter(f"{SVG}polyline"))[number]
    return [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]


def texts(drawn: str) -> list[str | None]:
    return [item.text for item in ElementTree.fromstring(drawn).iter(f"{SVG}text")]


def test_names_and_titles_are_there_and_escaped() -> None:
    drawn = plot({"a < b & c": Line((0, 1), (0, 1))}, Axis("across"), Axis("up"))
    assert {"a < b & c", "across", "up"} <= set(texts(drawn))


def test_ends_of_the_data_are_the_ends_of_the_frame() -> None:
    (x1, y1), (x2, y2) = points(plot({"l": Line((5, 9), (-1, 3))}, Axis("x"), Axis("y")))
    frame = ElementTree.fromstring(plot({}, Axis("x"), Axis("y"))).find(f"{SVG}rect").attrib
    left, top, width, height = (float(frame[key]) for key in ("x", "y", "width", "height"))
    assert (x1, x2) == (left, left + width)
    assert (y1, y2) == (top + height, top)


def test_decades_are_even_and_nothing_falls_off_a_logarithmic_axis() -> None:
    axis = Axis("x", log=True)
    found = points(plot({"l": Line((0.001, 0.01, 0.1, 0.0), (0, 0, 0, 1))}, axis, Axis("y")))
    steps = [b[0] - a[0] for a, b in pairwise(found[:3])]
    assert steps[0] == pytest.approx(steps[1], abs=0.1)
    assert found[3][0] == found[0][0]
    assert "0.001" in texts(plot({"l": Line((0.001, 0.1), (0, 1))}, axis, Axis("y")))


@pytest.mark.parametrize("values", [(1.0,), (0.0, 0.0), ()])
@pytest.mark.parametrize("log", [False, True])
def test_one_point_equal_points_and_none(values: tuple[float, ...], log: bool) -> None:
    axis = Axis("v", log=log)
    ElementTree.fromstring(plot({"l": Line(values, values)}, axis, axis))


def test_a_file_of_its_own_is_on_white() -> None:
    text = standalone(plot({"limit": Line((1, 2), (1, 2), dashed=True)}, Axis("x"), Axis("y")))
    root = ElementTree.fromstring(text)
    assert root[0].attrib["fill"] == "#fff"
    assert "stroke-dasharray" in text


def test_weights_are_dots() -> None:
    drawn = plot({"l": Line((0, 1), (0, 1), (0.25, 0.75))}, Axis("x"), Axis("y"), diagonal=True)
    dots = [float(item.attrib["r"]) for item in ElementTree.fromstring(drawn).iter(f"{SVG}circle")]
    assert len(dots) == 2
    assert dots[0] < dots[1]
