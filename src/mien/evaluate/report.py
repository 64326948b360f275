"""An evaluation as one HTML file: figures side by side, curves, worst mistakes, environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import mien
from mien.errors import MienError
from mien.evaluate.result import Curve, Evaluation, Figure, Mistake
from mien.io import read_image
from mien.io.atomic import whole_file
from mien.render.draw import resized
from mien.render.plot import Axis, Line, plot
from mien.render.report.document import head
from mien.render.report.markup import Html, div, element, join, span
from mien.render.report.picture import data_uri

_THUMB_PX = 128
#: The axes of each kind of curve: logarithmic, and where they end (``None``: with the data).
_AXES: Mapping[str, tuple[bool, bool, tuple[float | None, float | None] | None]] = {
    "det": (True, True, None),
    "open-set": (True, True, None),
    "reliability": (False, False, (0.0, 1.0)),
    "cmc": (True, False, (None, 1.0)),
    "ced": (False, False, (0.0, 1.0)),
    "time": (True, False, (0.0, 1.0)),
    "roc": (False, False, (0.0, 1.0)),
}


def write_report(path: str | Path, evaluation: Evaluation) -> None:
    """Write the report; pictures of mistakes are read where they stand. Raises InputError."""
    with whole_file(path) as page:
        for part in _parts(evaluation):
            page.write(part + "\n")


def number(value: float) -> str:
    """Return four significant digits (two of small numbers) without an exponent."""
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{value:,.0f}"
    if abs(value) < 1e-3:
        return f"{value:.2g}"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.2f}"


def said(figure: Figure) -> str:
    """Return value, unit and interval of a figure, or that it is not measurable."""
    if figure.value is None:
        return "not measurable"
    unit = f" {figure.unit}" if figure.unit else ""
    if figure.low is None or figure.high is None:
        return f"{number(figure.value)}{unit}"
    return f"{number(figure.value)}{unit} [{number(figure.low)}, {number(figure.high)}]"


def _parts(evaluation: Evaluation) -> Iterator[Html]:
    yield join(
        Html("<!doctype html>\n<html lang=en>"),
        head(evaluation.title, "evaluation.css"),
        Html("<body>"),
        _header(evaluation),
        Html("<main>"),
    )
    yield _figures(evaluation)
    yield _plots(evaluation)
    for result in evaluation.results:
        yield _mistakes(result.model, result.findings.mistakes)
    yield join(Html("</main>"), _footer(evaluation), Html("</body></html>"))


def _header(evaluation: Evaluation) -> Html:
    data = evaluation.data
    split = f", split {data['split']}" if data.get("split") else ""
    models = ", ".join(result.model for result in evaluation.results)
    stats = [
        (f"{data['samples']:,}", f"samples of {data['title']}{split}"),
        (evaluation.environment["date"][:10], "measured"),
        (models, "model" if len(evaluation.results) == 1 else "models"),
    ]
    fitted = element("p", element("b", "Fitted on: "), evaluation.fitted_on, class_="protocol")
    return element(
        "header",
        span("brand", "mien"),
        element("h1", evaluation.title),
        element("ul", *[element("li", element("strong", a), b) for a, b in stats], class_="stats"),
        element("p", evaluation.protocol, class_="protocol"),
        fitted if evaluation.fitted_on else "",
    )


def _figures(evaluation: Evaluation) -> Html:
    columns = [{f.name: f for f in r.findings.figures} for r in evaluation.results]
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows = [_figure_row(name, [column.get(name) for column in columns]) for name in names]
    titles = ["figure", *[result.model for result in evaluation.results], "n"]
    top = element("tr", *[element("th", title, scope="col") for title in titles])
    table = element("table", element("thead", top), element("tbody", *rows), class_="figures")
    note = element("p", "Below each value: its 95 % interval, where it has one.", class_="protocol")
    return element("section", element("h2", "Figures"), div("scroll", table), note)


def _figure_row(name: str, figures: Sequence[Figure | None]) -> Html:
    known = [figure for figure in figures if figure is not None]
    rules = {_rule(figure) for figure in known}
    # A rule that differs, as by its threshold, stands with each model.
    shared = span("rule", rules.pop()) if len(rules) == 1 else ""
    cells = [element("td", "-") if f is None else _cell(f, own=not shared) for f in figures]
    return element("tr", element("td", name, shared), *cells, element("td", f"{known[0].n:,}"))


def _rule(figure: Figure) -> str:
    return figure.why if figure.value is None else figure.rule


def _cell(figure: Figure, *, own: bool) -> Html:
    rule = span("rule", _rule(figure)) if own else ""
    if figure.value is None:
        return element("td", said(figure), rule, class_="unknown")
    unit = f" {figure.unit}" if figure.unit else ""
    interval = said(figure).partition("[")[2].rstrip("]").replace(", ", " to ")
    value = element("strong", number(figure.value))
    return element("td", value, unit, span("rule", interval), rule)


def _plots(evaluation: Evaluation) -> Html:
    groups: dict[tuple[str, str, str], dict[str, Curve]] = {}
    several = len(evaluation.results) > 1
    for result in evaluation.results:
        for curve in result.findings.curves:
            group = groups.setdefault((curve.kind, curve.x_title, curve.y_title), {})
            name = f"{result.model}, {curve.name}" if several else curve.name
            group[name] = curve
    shown = [_plot(kind, x, y, curves) for (kind, x, y), curves in groups.items()]
    if not shown:
        return Html("")
    return element("section", element("h2", "Curves"), div("plots", *shown))


def _plot(kind: str, x_title: str, y_title: str, curves: Mapping[str, Curve]) -> Html:
    x_log, y_log, y_ends = _AXES.get(kind, (False, False, None))
    lines = {name: Line(curve.x, curve.y, curve.weight) for name, curve in curves.items()}
    low, high = (None, None) if y_ends is None else y_ends
    share = kind in ("reliability", "roc")
    x_axis = Axis(x_title, 0.0 if share else None, 1.0 if share else None, x_log)
    y_axis = Axis(y_title, low, high, y_log)
    drawn = plot(lines, x_axis, y_axis, diagonal=kind == "reliability")
    title = f"{y_title} over {x_title}"
    return element("figure", element("figcaption", title[0].upper() + title[1:]), drawn)


def _mistakes(model: str, mistakes: Sequence[Mistake]) -> Html:
    if not mistakes:
        return Html("")
    parts = []
    for kind in dict.fromkeys(mistake.kind for mistake in mistakes):
        shown = [_mistake(m) for m in mistakes if m.kind == kind]
        parts.append(element("h3", kind[0].upper() + kind[1:]))
        parts.append(element("ul", *shown, class_="mistakes"))
    return element("section", element("h2", f"Worst mistakes, {model}"), *parts)


def _mistake(mistake: Mistake) -> Html:
    sides = [
        element("span", _thumb(path), span("name", PurePath(name).name), title=name)
        for name, path in zip(mistake.samples, mistake.paths, strict=False)
    ]
    names = "" if sides else " · ".join(mistake.samples)
    said_ = element("p", mistake.said, f" · {names}" if names else "")
    return element("li", div("side", *sides) if sides else "", said_)


def _thumb(path: str) -> Html:
    try:
        image = read_image(path)
    except MienError:
        return span("missing", "not readable")
    small = resized(image, min(1.0, _THUMB_PX / min(image.size_wh)))
    return element("img", src=data_uri(small, quality=82), alt="", loading="lazy")


def _footer(evaluation: Evaluation) -> Html:
    facts = {f"data, {k}": v for k, v in evaluation.data.items()} | dict(evaluation.environment)
    for result in evaluation.results:
        ran = ", ".join(f"{m['model_id']} ({m['use']})" for m in result.models)
        facts[f"{result.model} ran"] = f"{ran}; {result.seconds:.1f} s"
    rows = [element("tr", element("td", k), element("td", _plain(v))) for k, v in facts.items()]
    table = element("table", element("tbody", *rows), class_="environment")
    made = f"Made with mien {mien.__version__}. Everything is inside this file."
    caveat = (
        "These figures speak of these data. Pictures of other people, cameras and light give "
        "others; error rates differ between groups of people."
    )
    return element(
        "footer",
        element("section", element("h2", "What was measured, with what"), div("scroll", table)),
        element("p", caveat),
        element("p", made, class_="made"),
    )


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return "-" if value is None else str(value)
