"""Apparent age: how old a face looks to a model, with one standard deviation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mien.models import load
from mien.tasks.columns import with_column
from mien.tasks.head import find_head, run_aligned, run_head
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image
from mien.types.arrays import FloatArray

#: Gives probabilities over AGES_YEARS; a head reads them together with the template.
MODEL = "resnet10.age"
AGES_YEARS = np.array([0.25, *range(1, 81)], np.float32)


@register
class AgeTask:
    """Adds the attribute ``apparent_age``: years, with a spread of one standard deviation."""

    name: ClassVar[str] = "age"
    requires: ClassVar[tuple[str, ...]] = ("landmarks", "embed")

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Read all faces of the batch: from the age network, and by the head where there is one."""
        network = load(MODEL, device=self.options.device)
        probabilities = run_aligned(network, images, analyses)["probabilities"]
        head = find_head(self.name, self.options)
        if head is None:
            measured = network.spec.calibration
            base, scale = measured["spread_base_years"], measured["spread_scale"]
            years, spread = mean_and_spread(probabilities, AGES_YEARS, base=base, scale=scale)
        else:
            outputs = run_head(head, analyses, probabilities, device=self.options.device)
            years, spread = outputs["age"], outputs["spread"]
        model_id = (network.spec if head is None else head).model_id
        column = Attribute(years, "scalar", model_id, unit="years", spread=spread)
        return with_column(analyses, "apparent_age", column)

    def models(self) -> tuple[str, ...]:
        """The age network, and the head that reads it."""
        head = find_head(self.name, self.options)
        return (MODEL,) if head is None else (MODEL, head.name)

    def missing(self) -> str | None:
        """Nothing: the age network comes with mien."""
        return None


def mean_and_spread(
    probabilities: FloatArray, places: FloatArray, *, base: float = 0.0, scale: float = 1.0
) -> tuple[FloatArray, FloatArray]:
    """Return mean and spread (N,) of distributions (N,C) over ``places (C,)``.

    The squared spread is base² + scale² · the distribution's variance, with both measured so that
    it is the variance of the errors: networks are surer of themselves than they should be.
    """
    mean = probabilities @ places
    variance = np.einsum("nc,nc->n", probabilities, (places - mean[:, None]) ** 2)
    return mean, np.sqrt(base**2 + scale**2 * variance).astype(np.float32)
