"""A page that says why: the picture with its map, a bar a region, words, and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from mien.io.atomic import whole_file
from mien.render.draw import resized
from mien.render.heat import AGAINST, FOR, heat, shown_part
from mien.render.report.document import ending, opening
from mien.render.report.markup import Html, div, element, span
from mien.render.report.picture import data_uri
from mien.types import Image
from mien.types.explanation import Explanation

_LONG_SIDE_PX = 640
#: The chart of regions, in units of its view box: width of the names, of the bars; a row's height.
_NAMES, _BARS, _VALUES, _ROW = 110.0, 260.0, 76.0, 24.0
#: A 95 % interval in standard errors.
_ERRORS = 1.96


def write_why(
    path: str | Path, images: Sequence[Image], explanations: Sequence[Explanation]
) -> None:
    """Write explanations, one a picture, as one HTML file that needs nothing else."""
    with whole_file(path) as page:
        for part in _parts(images, explanations):
            page.write(part + "\n")


def _parts(images: Sequence[Image], explanations: Sequence[Explanation]) -> Iterable[Html]:
    title = _title(explanations)
    yield opening(title, "why.css", header=(_legend(),))
    for image, explanation in zip(images, explanations, strict=True):
        yield _section(image, explanation)
    yield ending()


def _title(explanations: Sequence[Explanation]) -> str:
    target = explanations[0].target if explanations else "nothing"
    if target == "match against another":
        return "Why rather the one than the other"
    return "Why this score" if target == "match" else f"Why this {target.replace('_', ' ')}"


def _legend() -> Html:
    swatches = [
        element("li", element("i", style=f"background:rgb{colour}"), text)
        for colour, text in ((FOR, "speaks for the score"), (AGAINST, "speaks against it"))
    ]
    return element("ul", *swatches, class_="legend")


def _section(image: Image, explanation: Explanation) -> Html:
    facts = f"score {explanation.base_score:.3f}"
    if explanation.threshold is not None:
        above = explanation.base_score >= explanation.threshold
        facts += (
            f", {'at or above' if above else 'below'} the threshold {explanation.threshold:.3f}"
        )
    name = PurePath(image.source or "picture").name
    x0, y0, x1, y1 = shown_part(explanation)
    pictures = [
        _picture(Image(one.pixels[y0:y1, x0:x1].copy(), image.source), alt)
        for one, alt in (
            (image, f"{name}: the part that was looked at"),
            (heat(image, explanation), f"{name}: what speaks for and against the score"),
        )
    ]
    return element(
        "section",
        element("h2", name, span("facts", facts)),
        element("p", explanation.to_text(), class_="words"),
        div("why", div("seen", *pictures), _chart(explanation)),
        _matrix(explanation),
        _fine_print(explanation),
        class_="reason",
    )


def _picture(image: Image, alt: str) -> Html:
    scale = _LONG_SIDE_PX / max(image.size_wh)
    shown = image if scale >= 1 else resized(image, scale)
    width, height = shown.size_wh
    img = element(
        "img", src=data_uri(shown, quality=86), alt=alt, width=str(width), height=str(height)
    )
    return element("figure", img)


def _chart(explanation: Explanation) -> Html:
    """Return a bar a region from the middle: for to the right, against to the left."""
    scores = explanation.region_scores.tolist()
    spread = explanation.region_spread
    errors = [0.0] * len(scores) if spread is None else (spread * _ERRORS).tolist()
    rows = sorted(zip(explanation.regions, scores, errors, strict=True), key=lambda row: -row[1])
    reach = max((abs(score) + error for _, score, error in rows), default=0.0) or 1.0
    middle, unit = _NAMES + _BARS / 2, _BARS / 2 / reach
    bars = [_bar(row, number, middle, unit) for number, row in enumerate(rows)]
    height = _ROW * len(rows)
    axis = element("line", x1=middle, x2=middle, y1=0, y2=height, class_="axis")
    chart = element(
        "svg",
        axis,
        *bars,
        viewBox=f"0 0 {_NAMES + _BARS + _VALUES:g} {height:g}",
        role="img",
        aria_label="What each region adds to the score",
    )
    said = "What each region adds to the score"
    if spread is not None:
        said += "; lines: 95 % interval"
    return element("figure", element("figcaption", said), chart, class_="regions")


def _bar(row: tuple[str, float, float], number: int, middle: float, unit: float) -> Html:
    name, score, error = row
    y = _ROW * number
    left = middle + min(score, 0) * unit
    colour = FOR if score >= 0 else AGAINST
    parts = [
        element("text", name.replace("_", " "), x=_NAMES - 8, y=y + 16, text_anchor="end"),
        element(
            "rect",
            x=f"{left:.1f}",
            y=y + 5,
            width=f"{abs(score) * unit:.1f}",
            height=_ROW - 10,
            fill=f"rgb{colour}",
        ),
        element("text", f"{score:+.4f}", x=_NAMES + _BARS + 6, y=y + 16),
    ]
    if error > 0:
        low, high = middle + (score - error) * unit, middle + (score + error) * unit
        centre = y + _ROW / 2
        parts.append(element("path", d=f"M{low:.1f},{centre}H{high:.1f}", class_="interval"))
    return element("g", *parts)


def _matrix(explanation: Explanation) -> Html | str:
    """Return which region meets which of the other picture, as a table shaded by strength."""
    matrix = explanation.correspondence
    if matrix is None:
        return ""
    top = float(abs(matrix).max()) or 1.0
    names = [name.replace("_", " ") for name in explanation.regions]
    rows = [
        element(
            "tr",
            element("th", name, scope="row"),
            *(_cell(float(value), top) for value in values),
        )
        for name, values in zip(names, matrix, strict=True)
    ]
    heads = element("tr", element("td"), *(element("th", name, scope="col") for name in names))
    caption = element(
        "caption", "Which region (row) meets which of the other picture (column), in thousandths"
    )
    return div("scroll", element("table", caption, heads, *rows, class_="matrix"))


def _cell(value: float, top: float) -> Html:
    red, green, blue = FOR if value >= 0 else AGAINST
    alpha = abs(value) / top
    return element(
        "td", f"{1000 * value:.1f}", style=f"background:rgba({red},{green},{blue},{alpha:.2f})"
    )


def _fine_print(explanation: Explanation) -> Html:
    facts = [
        f"method {explanation.method}, seed {explanation.seed}",
        f"{explanation.model_calls:,} crops scored by {explanation.model_id}",
    ]
    found = explanation.faithfulness
    if found is not None:
        facts.append(
            f"insertion {found.insertion:.3f} (higher is better), deletion {found.deletion:.3f} "
            f"(lower is better), {found.steps} steps"
        )
    rows = [element("li", text) for text in (*facts, *explanation.notes)]
    return element("ul", *rows, class_="fine")
