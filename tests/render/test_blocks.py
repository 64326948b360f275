"""Documents as Markdown and HTML, and the forest plot."""

from __future__ import annotations

import math
import re

import pytest

from mien.render.blocks import Bullets, Heading, Paragraph, Rows, to_html, to_markdown
from mien.render.forest import Entry, forest

DOCUMENT = [
    Heading("A | <b>", 1),
    Paragraph("two\nlines"),
    Bullets(("one", "<two>")),
    Rows(("a", "b"), (("1|2", "3"),)),
]


def test_markdown() -> None:
    assert to_markdown(DOCUMENT) == (
        "# A | <b>\n\ntwo lines\n\n- one\n- <two>\n\n| a | b |\n| --- | --- |\n| 1\\|2 | 3 |\n"
    )


def test_html_is_escaped() -> None:
    page = to_html(DOCUMENT)
    assert "<h1>A | &lt;b&gt;</h1>" in page
    assert "<li>&lt;two&gt;</li>" in page
    assert "<td>1|2</td>" in page


def test_forest() -> None:
    entries = [
        Entry("worse <x>", 12.0, 8.0, 20.0, 100, marked=True),
        Entry("better", 3.0, 1.0, 5.0, 900),
        Entry("nobody", math.nan, math.nan, math.nan, 0),
    ]
    svg = forest(entries, title="error rate, %", overall=5.0)
    assert svg.count("<circle") == 2
    assert "worse &lt;x&gt;" in svg
    first, second = (float(x) for x in re.findall(r'cx="([\d.]+)"', svg))
    assert first > second
    assert "n = 900" in svg


@pytest.mark.parametrize("value", [-5.0, 0.0, 1e-6, 3e5])
def test_forest_of_any_size(value: float) -> None:
    svg = forest([Entry("x", value, value - 1e-7, value + 1e-7, 1)], title="t")
    assert "nan" not in svg
    assert len(svg) < 6000


def test_forest_of_nothing() -> None:
    assert "<circle" not in forest([], title="t")
