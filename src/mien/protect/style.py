"""What a style is, and how it registers itself: one file a style in styles/."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Protocol

from mien.errors import InputError
from mien.protect.head import Head
from mien.types.arrays import ByteArray

#: What is used unless told: the style whose irreversibility docs/anonymize.md promises.
DEFAULT_STYLE = "solid"


class Fill(Protocol):
    """What is laid over a head."""

    def __call__(self, patch: ByteArray, head: Head, strength: float) -> ByteArray:
        """Return what covers ``patch (h,w,3)``, in which ``head`` lies; ``patch`` stays as it is.

        ``strength``: in eye distances.
        """
        ...


@dataclass(frozen=True, slots=True)
class Style:
    """A way to cover a head.

    ``cosmetic``: measured to leave more of the person than the bar of docs/anonymize.md allows, so
    that it is for looks and not for protection; ``strength``: the default in eye distances,
    ``None`` for a style that has none.
    """

    name: str
    summary: str
    cosmetic: bool
    fill: Fill
    strength: float | None = None

    def strength_of(self, asked: float | None) -> float:
        """Return the strength to use; raises InputError for one that makes no sense."""
        if self.strength is None:
            if asked is not None:
                raise InputError(f"strength: style {self.name!r} has none; leave it out")
            return 0.0
        chosen = self.strength if asked is None else asked
        if not 0 < chosen <= 100:
            raise InputError(f"strength: got {chosen}, expected eye distances above 0, up to 100")
        return chosen


_REGISTERED: dict[str, Style] = {}


def register(style: Style) -> Style:
    """Make a style known under its name."""
    _REGISTERED[style.name] = style
    return style


@cache
def known_styles() -> Mapping[str, Style]:
    """Return every style by name."""
    package = import_module("mien.protect.styles")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"mien.protect.styles.{module.name}")
    return MappingProxyType(dict(sorted(_REGISTERED.items())))


def get_style(name: str) -> Style:
    """Return a style by name; raises InputError with the names there are."""
    if name not in known_styles():
        raise InputError(f"style: got {name!r}, expected one of {', '.join(known_styles())}")
    return known_styles()[name]
