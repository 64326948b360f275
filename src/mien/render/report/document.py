"""The head of every page: self-contained, escaped, in light and dark."""

from __future__ import annotations

from importlib.resources import files

from mien.render.report.markup import Html, element

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
