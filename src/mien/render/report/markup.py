"""HTML that cannot be forgotten to be escaped: plain text and markup are different types."""

from __future__ import annotations

import html


class Html(str):
    """Text that is markup already; every other ``str`` is escaped when it is put into markup."""

    __slots__ = ()


def clean(text: str) -> str:
    """Return the text without control characters and lone surrogates, which no HTML may hold."""
    return "".join(
        char if char in "\n\t" or (char.isprintable() and char.isascii()) else _visible(char)
        for char in text
    )


def _visible(char: str) -> str:
    code = ord(char)
    # Direction overrides would let a file name rewrite the line it stands in.
    steers = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069
    broken = code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code <= 0xDFFF
    return "\ufffd" if steers or broken else char


def element(name: str, /, *children: str, **attributes: str | float | bool | None) -> Html:
    """Return one element. ``None`` and ``False`` leave an attribute out, ``True`` gives it bare.

    A trailing underscore is dropped and others become hyphens: ``class_``, ``aria_label``.
    """
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        parts.append(
            f" {key}" if value is True else f' {key}="{html.escape(clean(_plain(value)))}"'
        )
    if name in _VOID:
        return Html("".join(parts) + ">")
    return Html("".join(parts) + ">" + join(*children) + f"</{name}>")


def join(*children: str) -> Html:
    """Return the children one after the other, plain text escaped."""
    return Html("".join(c if isinstance(c, Html) else html.escape(clean(c)) for c in children))


def div(class_: str, *children: str, **attributes: str | float | bool | None) -> Html:
    """Return a ``div`` of a class."""
    return element("div", *children, class_=class_, **attributes)


def span(class_: str, *children: str, **attributes: str | float | bool | None) -> Html:
    """Return a ``span`` of a class."""
    return element("span", *children, class_=class_, **attributes)


def _plain(value: str | float | bool) -> str:
    return value if isinstance(value, str) else f"{value:g}"


_VOID = frozenset({"img", "meta", "input", "br", "hr", "link"})
