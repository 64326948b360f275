"""Anonymize one picture: look for every face, decide who is covered, cover, say what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mien.gallery import Gallery
from mien.protect.cover import cover_heads
from mien.protect.head import Head, heads_of
from mien.protect.look import analyzers, look
from mien.protect.select import Decision, Everybody, Selector, selector
from mien.protect.style import DEFAULT_STYLE, Style, get_style
from mien.recognition.pinned import options_of
from mien.tasks.pipeline import Analyzer, Source
from mien.types import Image


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A head that was found, and whether it is covered."""

    head: Head
    decision: Decision

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values; px of the upright picture."""
        return {
            "box_xyxy": [round(value, 1) for value in self.head.box_xyxy],
            "detection_score": round(self.head.score, 4),
            "covered": self.decision.covered,
            "why": self.decision.why,
            "score": self.decision.score,
            "corners": self.head.corners.astype(float).round(1).tolist(),
            "eye_px": round(self.head.eye_px, 2),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Anonymized:
    """A picture with heads covered, and every head that was found."""

    image: Image
    found: tuple[Found, ...]
    settings: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values: what was covered and how."""
        return {**self.settings, "faces": [one.to_dict() for one in self.found]}


@dataclass(frozen=True, slots=True, eq=False)
class Anonymizer:
    """Covers faces in pictures by one rule; networks load at first use.

    ``strength``: in eye distances, ``None`` for the style's own. ``thorough``: look also for
    turned, smaller and less probable faces. ``options``: those of Analyzer.
    """

    style: Style
    strength: float | None = None
    who: Selector = field(default_factory=Everybody)
    thorough: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    looks: Sequence[Analyzer] = ()

    @property
    def settings(self) -> dict[str, Any]:
        """What decides how a picture is covered, as plain values."""
        return {
            "style": self.style.name,
            "cosmetic": self.style.cosmetic,
            "strength": self.strength if self.style.strength is None else self._strength(),
            "selection": self.who.to_dict(),
            "thorough": self.thorough,
            "detectors": [spec.model_id for look in self.looks for spec in look.models],
        }

    def _strength(self) -> float:
        return self.style.strength_of(self.strength)

    def find(self, image: Image) -> list[Found]:
        """Return every head of a picture with the decision about it."""
        found = []
        for analysis in look(image, self.looks):
            decisions = self.who.decide(analysis.templates, len(analysis.found))
            heads = heads_of(analysis.found)
            found += [Found(*pair) for pair in zip(heads, decisions, strict=True)]
        return found

    def cover(self, image: Image, heads: Sequence[Head]) -> Image:
        """Return the picture with these heads covered."""
        return cover_heads(image, heads, self.style, strength=self.strength)

    def picture(self, image: Image) -> Anonymized:
        """Cover whom the rule says in one picture."""
        found = self.find(image)
        heads = [one.head for one in found if one.decision.covered]
        return Anonymized(self.cover(image, heads), tuple(found), self.settings)


def anonymizer(
    style: str = DEFAULT_STYLE,
    *,
    strength: float | None = None,
    keep: Sequence[str] = (),
    only: Sequence[str] = (),
    gallery: Gallery | None = None,
    thorough: bool = False,
    **options: Any,
) -> Anonymizer:
    """Return an Anonymizer; raises InputError as ``get_style`` and ``selector``."""
    chosen = get_style(style)
    chosen.strength_of(strength)
    who = selector(gallery, keep=keep, only=only)
    if who.needs_templates and gallery is not None and gallery.model_id is not None:
        options |= options_of(gallery.model_id, options)
    looks = analyzers(thorough=thorough, embed=who.needs_templates, **options)
    return Anonymizer(chosen, strength, who, thorough, options, looks)


def anonymize(
    source: Source,
    style: str = DEFAULT_STYLE,
    *,
    strength: float | None = None,
    keep: Sequence[str] = (),
    only: Sequence[str] = (),
    gallery: Gallery | None = None,
    thorough: bool = False,
    **options: Any,
) -> Anonymized:
    """Cover the faces of one picture: path, encoded bytes, RGB array or Image.

    ``style``: solid; mask, blur and pixelate are cosmetic. ``strength``: in eye distances, for
    styles that have one. ``keep``: cover all but these subjects of ``gallery`` (names or ids);
    ``only``: cover only these; what is unclear is covered. ``thorough``: look longer, for turned,
    small and improbable faces, too. Other options are those of Analyzer.
    A face that no detector finds is not covered: look at what you publish.
    """
    one = anonymizer(
        style,
        strength=strength,
        keep=keep,
        only=only,
        gallery=gallery,
        thorough=thorough,
        **options,
    )
    return one.picture(one.looks[0].read(source))
