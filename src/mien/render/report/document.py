"""What every page begins and ends with: self-contained, escaped, in light and dark."""

from __future__ import annotations

from importlib.resources import files

import mien
from mien.render.report.markup import Html, element, join, span

#: The browser itself refuses to fetch anything.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'"


def head(title: str, *styles: str) -> Html:
    """Return ``<head>`` with the named style sheets of this package, page.css first."""
    folder = files("mien.render.report")
    css = "\n".join(folder.joinpath(name).read_text("utf-8") for name in ("page.css", *styles))
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", **{"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(css)),
    )


def opening(title: str, *styles: str, header: tuple[str, ...] = ()) -> Html:
    """Return a page up to the beginning of its main part; ``header`` stands below its title."""
    return join(
        Html("<!doctype html>\n<html lang=en>"),
        head(title, *styles),
        Html("<body>"),
        element("header", span("brand", "mien"), element("h1", title), *header),
        Html("<main>"),
    )


def ending(*notes: str) -> Html:
    """Return everything after the main part; ``notes`` stand above who made the page."""
    made = f"Made with mien {mien.__version__}. Everything is inside this file."
    return join(
        Html("</main>"),
        element("footer", *notes, element("p", made, class_="made")),
        Html("</body></html>"),
    )
