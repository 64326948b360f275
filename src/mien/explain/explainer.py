"""What an explainer is, and which are known: one file each, registered under its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mien.explain.case import Case
from mien.types.arrays import FloatArray
from mien.types.registry import Registry


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What a method found, in the crop's frame.

    ``map (h,w) float32`` signed; ``region_scores (R,)`` in units of the score, in the order of
    ``case.regions``; ``region_spread (R,)`` their standard errors, ``None`` without sampling;
    ``model_calls``: crops that were scored, the untouched one among them. ``correspondence (R,R)``:
    what a region (row) and one of the other picture (column) give together.
    """

    base_score: float
    map: FloatArray
    region_scores: FloatArray
    model_calls: int
    region_spread: FloatArray | None = None
    notes: tuple[str, ...] = ()
    correspondence: FloatArray | None = None


#: (case, budget in crops scored, generator) -> Finding. Scores at most ``budget`` crops.
Method = Callable[[Case, int, np.random.Generator], Finding]


@dataclass(frozen=True, slots=True)
class Explainer:
    """A method under its name; ``budget``: crops it may score unless told.

    ``needs_partner``: it looks at both pictures of a comparison, and at nothing else.
    ``baseline``: it explains nothing; others are measured beside it.
    ``needs_torch``: what it must be given, in words; "" for a method that takes any model.
    """

    name: str
    title: str
    find: Method
    budget: int
    paper: str = ""
    smallest_budget: int = 2
    needs_partner: bool = False
    baseline: bool = False
    needs_torch: str = ""


_KNOWN: Registry[Explainer] = Registry("method", "mien.explain")


def register(explainer: Explainer) -> Explainer:
    """Make an explainer known under its name."""
    return _KNOWN.add(explainer)


def known_explainers() -> Mapping[str, Explainer]:
    """Return every explainer by name, sorted."""
    return _KNOWN.known()


def get_explainer(name: str) -> Explainer:
    """Return the explainer of that name; raises InputError with the names that there are."""
    return _KNOWN.get(name)
