"""A contact sheet of people: a row of faces a group, for a person to judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.io.atomic import whole_file
from mien.render.report.document import ending, opening
from mien.render.report.markup import Html, div, element, span
from mien.render.report.picture import data_uri
from mien.types import Image


@dataclass(frozen=True, slots=True, eq=False)
class Thumb:
    """One face: its crop (``None``: cannot be read any more), its photo, how well it is linked.

    ``support``: mean link to the others of its group 0..1, ``None`` for a face alone.
    """

    crop: Image | None
    photo: str
    face: int
    support: float | None = None
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is on the sheet: groups, largest first, faces alone, and pairs to ask about.

    ``left_out``: faces that were grouped but are not shown; ``failures``: photo to reason.
    """

    groups: Sequence[Sequence[Thumb]]
    alone: Sequence[Thumb]
    asked: Sequence[tuple[Thumb, Thumb, str]]
    pictures: int
    left_out: int
    failures: Mapping[str, str]


def write_sheet(path: str | Path, sheet: Sheet) -> None:
    """Write the sheet as one HTML file that needs nothing else."""
    with whole_file(path) as page:
        for part in _parts(sheet):
            page.write(part + "\n")


def _parts(sheet: Sheet) -> Iterable[Html]:
    yield _opening(sheet)
    if sheet.asked:
        yield _questions(sheet.asked)
    for number, group in enumerate(sheet.groups, start=1):
        yield _group(number, group)
    if sheet.alone:
        count = _counted(len(sheet.alone), "face")
        yield _section("Alone", f"{count} that resemble no other enough", sheet.alone, "alone")
    yield _closing(sheet)


def _opening(sheet: Sheet) -> Html:
    people = "1 person" if len(sheet.groups) == 1 else f"{len(sheet.groups):,} people"
    title = f"{people} in {_counted(sheet.pictures, 'photo')}"
    doubtful = sum(thumb.uncertain for group in sheet.groups for thumb in group)
    facts = [
        (sum(map(len, sheet.groups)), "faces in groups"),
        (doubtful, "of them uncertain"),
        (len(sheet.alone), "alone"),
        (len(sheet.failures), "photos failed"),
    ]
    stats = [element("li", element("strong", f"{number:,}"), text) for number, text in facts]
    cut = f"{sheet.left_out:,} more faces are in the JSON, not here." if sheet.left_out else ""
    left_out = element("p", cut) if cut else ""
    header = (element("ul", *stats, class_="stats"), element("p", _ADVICE), left_out)
    return opening(title, "sheet.css", header=header)


_ADVICE = (
    "Groups are a proposal. In each, the best supported face stands first and the weakest last; a "
    "dashed frame marks those to look at. The bar is the mean link to the rest of the group. Two "
    "faces of one photo are never put together."
)


def _questions(asked: Sequence[tuple[Thumb, Thumb, str]]) -> Html:
    rows = [
        element("li", _figure(left), _figure(right), element("p", why), class_="pair")
        for left, right, why in asked
    ]
    head = element("h2", "The same person?", span("facts", "answers that would help most"))
    return element("section", head, element("ul", *rows, class_="pairs"), class_="people")


def _group(number: int, group: Sequence[Thumb]) -> Html:
    doubtful = sum(thumb.uncertain for thumb in group)
    facts = _counted(len(group), "face") + (f", {doubtful} uncertain" if doubtful else "")
    return _section(f"Person {number}", facts, group, f"g{number}")


def _section(title: str, facts: str, thumbs: Sequence[Thumb], anchor: str) -> Html:
    shown = div("faces", *map(_figure, thumbs))
    return element(
        "section", element("h2", title, span("facts", facts)), shown, class_="people", id=anchor
    )


def _figure(thumb: Thumb) -> Html:
    where = f"{thumb.photo}, face {thumb.face}"
    if thumb.crop is None:
        shown = span("missing", "not readable")
    else:
        width, height = thumb.crop.size_wh
        shown = element(
            "img",
            src=data_uri(thumb.crop, quality=82),
            alt=where,
            loading="lazy",
            width=str(width),
            height=str(height),
        )
    bar: Html | str = ""
    title = where
    if thumb.support is not None:
        share = min(max(thumb.support, 0.0), 1.0)
        title = f"{where}; mean link {share:.2f}" + (" (uncertain)" if thumb.uncertain else "")
        bar = span("link", element("i", style=f"width:{100 * share:.0f}%"))
    name = span("name", Path(thumb.photo).name)
    kind = "face doubt" if thumb.uncertain else "face"
    return element("figure", shown, bar, name, class_=kind, title=title)


def _closing(sheet: Sheet) -> Html:
    failed: Html | str = ""
    if sheet.failures:
        rows = [
            element("li", element("code", photo), span("why", reason))
            for photo, reason in sheet.failures.items()
        ]
        head = element("h2", "Photos that could not be read")
        failed = element("section", head, element("ul", *rows), class_="failures")
    return ending(failed)


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
