"""Embed: aligned crops become templates that can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mien.errors import ModelError
from mien.geometry.align import ALIGNMENTS
from mien.models import ModelSpec, Network, get_spec, load
from mien.tasks.crops import aligned_crops, split_rows
from mien.tasks.task import Options, register
from mien.types import Analysis, Image, Templates
from mien.types.arrays import ByteArray, FloatArray


@register
class EmbedTask:
    """Adds ``Analysis.templates``, one row a face."""

    name: ClassVar[str] = "embed"
    requires: ClassVar[tuple[str, ...]] = ("landmarks",)

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Cut each face as the recogniser wants it and embed all crops of the batch at once."""
        network = load(self.options.embedder, device=self.options.device)
        crops = aligned_crops(images, analyses, network.spec.preprocess)
        raw = embed_crops(crops, network, mirror=self.options.mirror)
        model_id = template_model_id(
            network.spec, mesh=self.options.mesh, mirror=self.options.mirror
        )
        return [
            analysis.with_templates(Templates.from_raw(rows, model_id))
            for analysis, rows in zip(analyses, split_rows(raw, analyses), strict=True)
        ]

    def models(self) -> tuple[str, ...]:
        """The recogniser."""
        return (self.options.embedder,)

    def missing(self) -> str | None:
        """Explain a recogniser that wants an alignment mien does not know."""
        spec = get_spec(self.options.embedder)
        if spec.preprocess.alignment in ALIGNMENTS:
            return None
        known = ", ".join(ALIGNMENTS)
        return f"{spec.name}: alignment {spec.preprocess.alignment!r} is none of {known}"


def embed_crops(crops: ByteArray, network: Network, *, mirror: bool) -> FloatArray:
    """Embed aligned crops (N,h,w,3) uint8 RGB; returns raw vectors (N,D).

    With ``mirror`` the vector is the mean over the crop and its mirror image, both brought to
    unit length. Raises ModelError where the network has more than one output.
    """
    if not mirror:
        return _only_output(network(crops), network.spec)
    both = np.empty((2 * len(crops), *crops.shape[1:]), np.uint8)
    both[0::2] = crops
    both[1::2] = crops[:, :, ::-1]
    raw = _only_output(network(both), network.spec)
    norm = np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)
    # The mean keeps the length of the raw vectors, which says something about quality.
    mean: FloatArray = (raw / norm).reshape(-1, 2, raw.shape[1]).mean(axis=1)
    length: FloatArray = norm.reshape(-1, 2, 1).mean(axis=1)
    return (mean * length).astype(np.float32)


def template_model_id(spec: ModelSpec, *, mesh: str, mirror: bool) -> str:
    """Return name@hash over all that shapes a template: weights, preprocessing, mesh, mirroring."""
    recipe = f"{spec.fingerprint} {get_spec(mesh).fingerprint} {'mirror' if mirror else 'plain'}"
    return f"{spec.name}@{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"


def _only_output(outputs: dict[str, FloatArray], spec: ModelSpec) -> FloatArray:
    if "embedding" in outputs:
        return outputs["embedding"]
    if len(outputs) != 1:
        raise ModelError(
            f"{spec.name}: has the outputs {', '.join(outputs)}; a recogniser needs one output, "
            "or one that is named 'embedding'"
        )
    (vectors,) = outputs.values()
    return vectors.reshape(len(vectors), -1)
