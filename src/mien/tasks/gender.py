"""Apparent gender: how a model reads the picture, which is not how a person identifies."""

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

#: Gives probabilities over GENDERS; a head reads them together with the template.
MODEL = "cnn.gender"
GENDERS = ("female", "male")


@register
class GenderTask:
    """Adds the attribute ``apparent_gender``: calibrated probabilities over GENDERS."""

    name: ClassVar[str] = "gender"
    requires: ClassVar[tuple[str, ...]] = ("landmarks", "embed")

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Read all faces of the batch: from the network, and by the head where there is one."""
        network = load(MODEL, device=self.options.device)
        raw = run_aligned(network, images, analyses)["probabilities"]
        head = find_head(self.name, self.options)
        if head is None:
            probabilities = tempered(raw, network.spec.calibration["temperature"])
        else:
            outputs = run_head(head, analyses, raw, device=self.options.device)
            probabilities = outputs["probabilities"]
        model_id = (network.spec if head is None else head).model_id
        column = Attribute(probabilities, "probability", model_id, GENDERS)
        return with_column(analyses, "apparent_gender", column)

    def models(self) -> tuple[str, ...]:
        """The gender network, and the head that reads it."""
        head = find_head(self.name, self.options)
        return (MODEL,) if head is None else (MODEL, head.name)

    def missing(self) -> str | None:
        """Nothing: a gender network comes with mien."""
        return None


def tempered(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Return probabilities (N,C) as if their logits had been divided by a temperature."""
    powers = np.maximum(probabilities, 1e-12) ** (1 / temperature)
    result: FloatArray = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return result
