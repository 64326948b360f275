"""One metric on one set of made-up data, ours and another's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from io import StringIO
from typing import Any

import numpy as np

#: What every metric's docstring states, and the table repeats.
RULES = ("Rule", "Ties", "Empty")


@dataclass(frozen=True)
class Oracle:
    """`metric` is the public function or type whose docstring states the rules.

    `ours` and `theirs` give one figure or an array; `source` is a package (its version is added)
    or a publication; `tolerance` is absolute.
    """

    metric: Any
    case: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    source: str
    tolerance: float = 1e-9

    @property
    def name(self) -> str:
        return f"{self.metric.__module__.removeprefix('mien.metrics.')}.{self.metric.__name__}"

    @property
    def other(self) -> str:
        """The source with its version, where it is a package."""
        return f"{self.source} {version(self.source)}" if " " not in self.source else self.source

    def compare(self) -> tuple[np.ndarray, np.ndarray, float]:
        """Our values, theirs, and the largest absolute difference; NaN equals NaN."""
        ours, theirs = _values(self.ours()), _values(self.theirs())
        if ours.shape != theirs.shape:
            raise ValueError(f"{self.name}: shapes {ours.shape} and {theirs.shape}")
        both = np.isnan(ours) & np.isnan(theirs)
        gap = np.where(both | (ours == theirs), 0, np.abs(ours - theirs))
        return ours, theirs, float(gap.max(initial=0))


def rules(metric: Any) -> dict[str, str]:
    """Read what a docstring states about decisions, ties and empty sets."""
    text = " ".join((metric.__doc__ or "").split())
    ends = "|".join(f"{word}:" for word in (*RULES, "Source", "Raises"))
    found = {}
    for word in RULES:
        match = re.search(rf"\b{word}: (.*?)\.?(?= (?:{ends})| Raises |$)", text)
        if match:
            found[word] = match.group(1)
    return found


@contextmanager
def silent() -> Iterator[None]:
    """Keep libraries that print from doing so."""
    with redirect_stdout(StringIO()):
        yield


def _values(found: Any) -> np.ndarray:
    return np.atleast_1d(np.asarray(found, np.float64))
