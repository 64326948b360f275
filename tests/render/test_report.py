"""The report: one file, whole, escaped, that fetches nothing."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from mien.errors import MienError
from mien.models import list_specs
from mien.render import Report
from mien.render.report.glyphs import age_range, gaze_glyph, head_glyph, ring
from mien.render.report.markup import Html, clean, element, join
from mien.types import Analysis, Faces, Failure, Image

EVIL = "a/<script>alert(1)</script>\"' onload=x \u202egnp.\x1b[31m\ud800 &amp; ü/b.png"
VOID = {"meta", "img", "input", "br"}


class Reader(HTMLParser):
    """Collects elements, attributes and text, and checks that tags nest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]

    def links(self) -> list[str]:
        return [attrs["href"] for _, attrs in self.elements if "href" in attrs]


def read(path) -> Reader:
    reader = Reader()
    reader.feed(path.read_text("utf-8"))
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture
def report(tmp_path, portrait_image, analyse):
    """A report of a group, a picture without a face, and a failure, with evil names."""
    path = tmp_path / "out ü.html"
    group = replace(
        analyse(portrait_image, [(20.0 + 80 * i, 60, 90 + 80 * i, 140) for i in range(6)]),
        source=EVIL,
    )
    none = Analysis("none.png", None, (512, 512), Faces.empty((512, 512)))
    failed = Analysis(EVIL, error=Failure("ImageReadError", f"{EVIL}: is not a picture"))
    models, skipped = list_specs(), {"ancestry": "needs <b>research</b> weights"}
    with Report(path, expected=3, models=models, skipped=skipped) as writer:
        writer.add(group, portrait_image)
        writer.add(none, portrait_image)
        writer.add(failed, None)
        assert not path.exists()
    return path


def test_fetches_nothing(report):
    reader = read(report)
    for tag, attrs in reader.elements:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        for name, value in attrs.items():
            assert not name.startswith("on")
            if name in {"src", "href", "xlink:href", "srcset", "action", "poster"}:
                assert value is not None
                assert value.startswith(("data:image/jpeg;base64,", "#"))
    style = "".join(reader.text)
    assert "url(" not in style
    assert "@import" not in style
    policy = next(a["content"] for _, a in reader.elements if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")


def test_names_are_text_and_links_lead_somewhere(report):
    reader = read(report)
    assert "script" not in {tag for tag, _ in reader.elements}
    text = "".join(reader.text)
    assert "<script>alert(1)</script>" in text
    assert "needs <b>research</b> weights" in text
    assert not set(text) & {"\u202e", "\x1b", "\ud800"}
    ids = reader.ids()
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in reader.links()} <= set(ids)


def test_says_what_there_is(report):
    text = " ".join("".join(read(report).text).split())
    for said in (
        "6 faces in 3 pictures",
        "No face found.",
        "1 input could not be analysed",
        "apparent age",
        "34 ± 6 years",
        "Apparent gender",
        "female 96 %",
        "Expression shown",
        "12° to the own left",
        "new measure",
        "What these numbers are not",
        *(spec.name for spec in list_specs()),
    ):
        assert said in text, said
    assert "n/a" in text  # a component that is not measurable is not drawn as zero


def test_a_failed_run_leaves_nothing(tmp_path, portrait_image, analysed):
    path = tmp_path / "r.html"
    path.write_text("old")
    wrong = replace(analysed, image_size_wh=(3, 3))  # its faces lie in another picture
    with pytest.raises(MienError, match="size"):  # noqa: SIM117
        with Report(path) as writer:
            writer.add(wrong, portrait_image)
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["r.html"]
    with pytest.raises(RuntimeError, match="with"):
        Report(path).add(analysed, portrait_image)


def test_empty_and_gone(tmp_path, analysed):
    path = tmp_path / "r.html"
    with Report(path):
        pass
    assert "0 faces in 0 pictures" in "".join(read(path).text)
    with Report(path) as writer:
        writer.add(analysed, None)
    assert "could not be read again" in "".join(read(path).text)


def test_many_pictures_are_shown_smaller(tmp_path):
    big = Image(np.random.default_rng(0).integers(0, 255, (600, 2000, 3), np.uint8), "big")
    analysis = Analysis("big", None, big.size_wh, Faces.empty(big.size_wh))
    sizes = []
    for expected in (1, 1000):
        with Report(tmp_path / "r.html", expected=expected) as writer:
            writer.add(analysis, big)
        sizes.append((tmp_path / "r.html").stat().st_size)
    assert sizes[1] < sizes[0] / 4


def test_too_many_pictures_are_counted_only(tmp_path, monkeypatch, analysed, portrait_image):
    monkeypatch.setattr("mien.render.report.writer.MOST_PICTURES", 2)
    path = tmp_path / "r.html"
    with Report(path) as writer:
        for _ in range(5):
            writer.add(analysed, None if writer.is_full else portrait_image)
    text = path.read_text("utf-8")
    assert text.count('class="picture"') == 2
    assert "5 faces in 5 pictures" in text
    assert "The first 2 pictures are shown" in text


def test_markup_escapes_by_type():
    assert (
        element("p", "<b>", Html("<i></i>"), title='"') == '<p title="&quot;">&lt;b&gt;<i></i></p>'
    )
    assert element("input", checked=True, hidden=False, id=None) == "<input checked>"
    assert join("&", Html("&amp;")) == "&amp;&amp;"
    assert clean("a\x00\x1b\ud800ü\n") == "a\ufffd\ufffd\ufffdü\n"


def test_glyphs_at_their_ends():
    for angles in ((0, 0, 0), (180, 0, 0), (-90, 90, 180)):
        assert "nan" not in head_glyph(*angles)
    # From behind, a head shows neither eyes nor mouth.
    assert head_glyph(180, 0, 0).count('class="dot"') == 0
    assert head_glyph(0, 0, 0).count('class="dot"') == 2
    assert "nan" not in gaze_glyph(90, -90, (None, 0.0))
    assert "left:100.0%" in age_range(130, None)
    assert "left:0.0%" in age_range(2, 5)
    assert ring(300, "x").count("300") == 1
