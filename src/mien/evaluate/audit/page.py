"""An audit as one HTML file: the card, with a drawing of every figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mien.evaluate.audit.card import card
from mien.evaluate.audit.result import Audit, Figure
from mien.io.atomic import whole_file
from mien.render.blocks import to_html
from mien.render.forest import Entry, forest
from mien.render.report.document import head
from mien.render.report.markup import Html, div, element, join, span

#: Figures of more groups than this show the first ones only.
_MOST_ENTRIES = 60


def write_page(path: str | Path, audit: Audit, *, made: Mapping[str, str] | None = None) -> None:
    """Write the page. Raises InputError where that is not possible."""
    title = f"Audit of {audit.task}: {audit.data}"
    drawn = [
        element("figure", element("figcaption", _title(figure)), drawing(figure))
        for figure in audit.figures
        if any(group.figure.n for group in figure.groups)
    ]
    # The card's own first heading stands in the page's header.
    body = to_html(card(audit, made=made)[1:])
    page = join(
        Html("<!doctype html>\n<html lang=en>"),
        head(title, "evaluation.css", "audit.css"),
        Html("<body>"),
        element("header", span("brand", "mien"), element("h1", title)),
        element("main", div("plots", *drawn), element("article", body)),
        Html("</body></html>"),
    )
    with whole_file(path) as file:
        file.write(page + "\n")


def drawing(figure: Figure) -> Html:
    """Return the groups of one figure with their intervals; those seen to fare worse marked."""
    scale = 1.0 if figure.unit else 100.0
    worse = {group.name for group in figure.worse()}
    entries = [
        Entry(
            group.name,
            scale * group.figure.value,
            scale * group.figure.low,
            scale * group.figure.high,
            group.figure.n,
            group.name in worse,
        )
        for group in figure.groups[:_MOST_ENTRIES]
        if group.figure.n
    ]
    unit = figure.unit if figure.unit else "%"
    return forest(entries, title=f"{figure.title}, {unit}", overall=scale * figure.overall.value)


def _title(figure: Figure) -> str:
    return f"{figure.title[0].upper()}{figure.title[1:]} by {figure.grouping}"
