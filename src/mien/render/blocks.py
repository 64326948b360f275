"""A document of headings, paragraphs, lists and tables, written as Markdown or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mien.render.report.markup import Html, element, join


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of ``level`` 1 to 4."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of plain texts."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of plain texts: a head, and rows with as many cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Bullets | Rows


def to_markdown(blocks: Sequence[Block]) -> str:
    """Return the document as Markdown, ending with a line break."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def to_html(blocks: Sequence[Block]) -> Html:
    """Return the document as HTML elements; all text is escaped."""
    return join(*(_html(block) for block in blocks))


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_line(block.text)}"
    if isinstance(block, Paragraph):
        return _line(block.text)
    if isinstance(block, Bullets):
        return "\n".join(f"- {_line(item)}" for item in block.items)
    lines = [block.head, tuple("---" for _ in block.head), *block.rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _html(block: Block) -> Html:
    if isinstance(block, Heading):
        return element(f"h{block.level}", block.text)
    if isinstance(block, Paragraph):
        return element("p", block.text)
    if isinstance(block, Bullets):
        return element("ul", *(element("li", item) for item in block.items))
    head = element("tr", *(element("th", cell) for cell in block.head))
    rows = [element("tr", *(element("td", cell) for cell in row)) for row in block.rows]
    return element("table", element("thead", head), element("tbody", *rows))
