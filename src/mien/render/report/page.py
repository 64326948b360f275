"""The page round the pictures: summary, failures, models, and what the numbers are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mien.models import ModelSpec
from mien.render.report.document import head
from mien.render.report.glyphs import histogram
from mien.render.report.markup import Html, div, element, join, span

#: Fewer faces than this have no distribution worth a look.
_ENOUGH_FACES = 5


@dataclass(slots=True)
class Tally:
    """What the report counts while pictures go by."""

    pictures: int = 0
    shown: int = 0
    faces: int = 0
    faceless: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    ages: Counter[int] = field(default_factory=Counter)
    qualities: Counter[int] = field(default_factory=Counter)
    expressions: Counter[str] = field(default_factory=Counter)

    def count(self, record: Mapping[str, Any]) -> None:
        """Count one picture's record."""
        self.pictures += 1
        if record["error"] is not None:
            self.failures.append((str(record["source"]), record["error"]["message"]))
            return
        self.faces += len(record["faces"])
        self.faceless += not record["faces"]
        for face in record["faces"]:
            age = (face.get("apparent_age") or {}).get("value")
            quality = (face.get("quality") or {}).get("unified")
            if age is not None:
                self.ages[min(int(age) // 10, 9)] += 1
            if quality is not None:
                self.qualities[min(int(quality) // 10, 9)] += 1
            if face.get("expression") is not None:
                self.expressions[face["expression"]["label"]] += 1


def opening(title: str, tally: Tally) -> Html:
    """Return everything up to the first picture."""
    return join(
        Html("<!doctype html>\n<html lang=en>"),
        head(title),
        Html("<body>"),
        element("a", "Skip to the pictures", href="#pictures", class_="skip"),
        _header(title, tally),
        _distributions(tally),
        _failures(tally),
        Html('<main id="pictures">'),
    )


def closing(models: Sequence[ModelSpec], skipped: Mapping[str, str], version: str) -> Html:
    """Return everything after the last picture."""
    return join(
        Html("</main>"),
        element(
            "footer",
            _caveats(),
            _models(models),
            _skipped(skipped),
            element(
                "p", f"Made with mien {version}. Everything is inside this file.", class_="made"
            ),
        ),
        Html("</body></html>\n"),
    )


def _header(title: str, tally: Tally) -> Html:
    counted = [
        (tally.pictures, "picture", "pictures"),
        (tally.faces, "face", "faces"),
        (tally.faceless, "without a face", "without a face"),
        (len(tally.failures), "failed", "failed"),
    ]
    stats = [
        element("li", element("strong", f"{number:,}"), one if number == 1 else many)
        for number, one, many in counted
    ]
    overlay = element(
        "label", element("input", type="checkbox", id="outlines", checked=True), "outlines"
    )
    links = [
        ("pictures", "Pictures"),
        ("numbers", "What the numbers are not"),
        ("models", "Models"),
    ]
    if tally.failures:
        links.insert(1, ("failures", "Failed"))
    nav = element("nav", *[element("a", text, href=f"#{to}") for to, text in links], overlay)
    hidden = tally.pictures - len(tally.failures) - tally.shown
    note = f"The first {tally.shown:,} pictures are shown; the numbers here count all."
    return element(
        "header",
        span("brand", _brand(), "mien"),
        element("h1", title),
        element("p", note) if hidden else "",
        element("ul", *stats, class_="stats"),
        nav,
    )


def _brand() -> Html:
    corners = "M3 10V7a4 4 0 0 1 4-4h3M22 3h3a4 4 0 0 1 4 4v3"
    corners += "M29 22v3a4 4 0 0 1-4 4h-3M10 29H7a4 4 0 0 1-4-4v-3"
    smile = "M11.5 12.5v1.5M20.5 12.5v1.5M11 20c2.8 3 7.2 3 10 0"
    drawn = element("path", d=corners + smile)
    return element("svg", drawn, viewBox="0 0 32 32", aria_hidden="true")


def _distributions(tally: Tally) -> Html:
    if tally.faces < _ENOUGH_FACES:
        return Html("")
    shown = []
    if tally.ages:
        ages = {f"{10 * ten}s": tally.ages[ten] for ten in range(10)}
        shown.append(histogram("apparent age, years", ages))
    if tally.qualities:
        tens = {f"{10 * ten}+": tally.qualities[ten] for ten in range(10)}
        shown.append(histogram("quality, 0 to 100", tens))
    if tally.expressions:
        shown.append(histogram("expression shown", dict(tally.expressions.most_common())))
    return element("section", *shown, class_="overview", aria_label="Overview")


def _failures(tally: Tally) -> Html:
    if not tally.failures:
        return Html("")
    rows = [
        element("li", element("code", source), span("why", _without_source(message, source)))
        for source, message in tally.failures
    ]
    inputs = "1 input" if len(rows) == 1 else f"{len(rows):,} inputs"
    summary = element("summary", f"{inputs} could not be analysed")
    details = element("details", summary, element("ul", *rows), open=len(rows) <= 12)
    return element("section", details, class_="failures", id="failures")


def _without_source(message: str, source: str) -> str:
    return message.removeprefix(f"{source}: ")


def _caveats() -> Html:
    words = [
        (
            "Apparent means apparent.",
            "Age, gender and ancestry say how a model reads this one picture, after the pictures "
            "and the labels it was trained on. They are not facts about a person, who alone can "
            "say them.",
        ),
        (
            "Expression is what the face shows,",
            "not what the person feels, and a still picture shows an instant.",
        ),
        (
            "± is one standard deviation",
            "of the error the model expects of itself: about one face in three lies outside.",
        ),
        (
            "Percentages are the model's,",
            "calibrated where its description says so. A high one is no proof.",
        ),
        (
            "Quality says how well this picture serves a comparison of faces,",
            "not how good it is as a picture, and nothing about the person.",
        ),
        (
            "Nobody is identified here.",
            "Do not decide about people on these numbers alone: errors differ between groups of "
            "people.",
        ),
    ]
    items = [element("li", element("b", head), f" {rest}") for head, rest in words]
    return element(
        "section", element("h2", "What these numbers are not"), element("ul", *items), id="numbers"
    )


def _models(models: Sequence[ModelSpec]) -> Html:
    if not models:
        return Html("")
    columns = ("model", "does", "licence", "use", "trained on")
    head = element("tr", *[element("th", name, scope="col") for name in columns])
    rows = [
        element(
            "tr",
            element("td", element("code", spec.name), span("by", spec.author)),
            element("td", spec.task),
            element("td", spec.licence),
            element("td", span(f"use {spec.use}", spec.use)),
            element("td", spec.training_data, span("by", spec.data_terms)),
        )
        for spec in models
    ]
    table = element("table", element("thead", head), element("tbody", *rows))
    return element(
        "section",
        element("h2", "Models that ran"),
        div("scroll", table, tabindex="0", role="region", aria_label="Models that ran"),
        id="models",
    )


def _skipped(skipped: Mapping[str, str]) -> Html:
    if not skipped:
        return Html("")
    rows = [
        element("li", element("b", task), f" {reason}") for task, reason in sorted(skipped.items())
    ]
    return element("section", element("h2", "What was left out"), element("ul", *rows))
