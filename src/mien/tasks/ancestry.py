"""Apparent ancestry: how a model reads the picture, over the groups of the data it learned from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from mien.tasks.columns import with_column
from mien.tasks.head import find_head, run_head, why_no_head
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image

#: The groups of UTKFace in its order; "other" stands there for Hispanic, Latino, Middle Eastern.
ANCESTRIES = ("white", "black", "asian", "indian", "other")


@register
class AncestryTask:
    """Adds the attribute ``apparent_ancestry``: calibrated probabilities over ANCESTRIES."""

    name: ClassVar[str] = "ancestry"
    requires: ClassVar[tuple[str, ...]] = ("embed",)

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Read the templates of all faces of the batch."""
        head = find_head(self.name, self.options)
        assert head is not None, self.missing()
        probabilities = run_head(head, analyses, device=self.options.device)["probabilities"]
        column = Attribute(probabilities, "probability", head.model_id, ANCESTRIES)
        return with_column(analyses, "apparent_ancestry", column)

    def models(self) -> tuple[str, ...]:
        """The head."""
        head = find_head(self.name, self.options)
        return () if head is None else (head.name,)

    def missing(self) -> str | None:
        """Its only weights are in the research distribution."""
        return why_no_head(self.name, self.options)
