"""What a style is, and how it registers itself: one file a style in styles/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mien.errors import InputError
from mien.protect.head import Head
from mien.types.arrays import ByteArray
from mien.types.registry import Registry

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


_KNOWN: Registry[Style] = Registry("style", "mien.protect.styles")


def register(style: Style) -> Style:
    """Make a style known under its name."""
    return _KNOWN.add(style)


def known_styles() -> Mapping[str, Style]:
    """Return every style by name, sorted."""
    return _KNOWN.known()


def get_style(name: str) -> Style:
    """Return the style of that name; raises InputError with the names that there are."""
    return _KNOWN.get(name)
