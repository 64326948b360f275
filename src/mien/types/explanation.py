"""Explanations: what in a picture speaks for a score, what against, and how well that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mien.errors import InputError
from mien.types.arrays import FloatArray, checked, same_length
from mien.types.wording import Words, facts, plain_words


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """How well a map orders pixels by what they matter: taken away, and given back, in its order.

    Areas under the score over the share of pixels, which go from the most to the least speaking
    for: ``deletion`` from the whole crop (lower is better), ``insertion`` from a blurred one
    (higher is better); ``steps`` points on each curve.
    """

    insertion: float
    deletion: float
    steps: int


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why a score is what it is.

    ``map (H,W) float32``: in the coordinates of the EXIF-applied picture, above 0 speaks for the
    score, below 0 against, 0 where nothing was tried. ``region_scores (R,) float32``: the same for
    each region of ``regions``, in units of the score; ``region_spread (R,)``: their standard
    errors, ``None`` for a method that does not sample. ``model_calls``: crops that the scorer was
    shown; ``threshold``: that of the decision, where there is one. ``correspondence (R,R)``: what
    each region gives together with each of the other picture's, for a method that looks at both.
    """

    method: str
    target: str
    model_id: str
    base_score: float
    map: FloatArray
    regions: tuple[str, ...]
    region_scores: FloatArray
    model_calls: int
    seed: int
    region_spread: FloatArray | None = None
    threshold: float | None = None
    faithfulness: Faithfulness | None = None
    notes: tuple[str, ...] = ()
    correspondence: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check shapes, and make the arrays read-only."""
        object.__setattr__(self, "map", checked("map", self.map, ("H", "W")))
        scores = checked("region_scores", self.region_scores, ("R",))
        object.__setattr__(self, "region_scores", scores)
        same_length("Explanation", regions=len(self.regions), region_scores=len(scores))
        if self.region_spread is not None:
            spread = checked("region_spread", self.region_spread, (len(self.regions),))
            object.__setattr__(self, "region_spread", spread)
        if self.correspondence is not None:
            shape = (len(self.regions), len(self.regions))
            matrix = checked("correspondence", self.correspondence, shape)
            object.__setattr__(self, "correspondence", matrix)

    def region(self, name: str) -> float:
        """Return the score of one region. Raises InputError for a name that is none."""
        if name not in self.regions:
            raise InputError(f"region: got {name!r}, expected one of {', '.join(self.regions)}")
        return float(self.region_scores[self.regions.index(name)])

    def shares(self) -> Mapping[str, float]:
        """Return each region's signed share of all that speaks for or against; |shares| sum to 1.

        All 0 where no region matters.
        """
        total = float(abs(self.region_scores).sum())
        scale = 1.0 / total if total > 0 else 0.0
        return {
            name: float(score) * scale
            for name, score in zip(self.regions, self.region_scores, strict=True)
        }

    def to_text(self, *, words: Words = plain_words) -> str:
        """Return a few hedged sentences made from ``mien.types.wording.facts`` alone.

        ``words``: facts in, text out; a language model, say. None is needed.
        """
        return words(facts(self))

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, without the map."""
        spread = self.region_spread
        return {
            "method": self.method,
            "target": self.target,
            "model_id": self.model_id,
            "base_score": self.base_score,
            "threshold": self.threshold,
            "regions": {
                name: {"score": float(score)}
                | ({} if spread is None else {"standard_error": float(spread[row])})
                for row, (name, score) in enumerate(
                    zip(self.regions, self.region_scores, strict=True)
                )
            },
            "model_calls": self.model_calls,
            "seed": self.seed,
            "faithfulness": None
            if self.faithfulness is None
            else {
                "insertion": self.faithfulness.insertion,
                "deletion": self.faithfulness.deletion,
                "steps": self.faithfulness.steps,
            },
            "correspondence": None if self.correspondence is None else self.correspondence.tolist(),
            "notes": list(self.notes),
        }
