"""Heads: small networks that read faces' templates, and what another network said of the faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.errors import InputError
from mien.models import ModelSpec, Network, list_specs, load
from mien.tasks.crops import aligned_crops
from mien.tasks.task import Options
from mien.types import Analysis, Image
from mien.types.arrays import FloatArray


def find_head(task: str, options: Options) -> ModelSpec | None:
    """Return the installed head of a task that reads the chosen embedder's templates, if any.

    Such a model has the layout "vector"; its ``alignment`` names the embedder.
    """
    fitting = [spec for spec in _heads(task) if spec.preprocess.alignment == options.embedder]
    return fitting[0] if fitting else None


def why_no_head(task: str, options: Options) -> str | None:
    """Say why a task has no head in this installation and what to do; ``None`` when it has one."""
    if find_head(task, options) is not None:
        return None
    readable = sorted({spec.preprocess.alignment for spec in _heads(task)})
    if readable:
        return (
            f"apparent {task} is read from templates of {', '.join(readable)}, and the embedder "
            f"is {options.embedder!r}; choose another embedder"
        )
    return (
        f"no model for apparent {task} is installed: its weights were trained on pictures offered "
        "for research only and come apart; pip install mien-weights-research"
    )


def run_aligned(
    network: Network, images: Sequence[Image], analyses: Sequence[Analysis]
) -> dict[str, FloatArray]:
    """Run a network on all faces of a batch, each cut out as its spec's alignment says."""
    return network(aligned_crops(images, analyses, network.spec.preprocess))


def run_head(
    head: ModelSpec,
    analyses: Sequence[Analysis],
    others: FloatArray | None = None,
    *,
    device: str = "cpu",
) -> dict[str, FloatArray]:
    """Run a head on all M faces of a batch: on each unit template, followed by ``others (M,G)``."""
    width = head.preprocess.size_wh[0]
    if others is None:
        rows = template_rows(analyses, width)
    else:
        rows = np.hstack([template_rows(analyses, width - others.shape[1]), others])
    return load(head.name, device=device)(rows)


def template_rows(analyses: Sequence[Analysis], dimension: int) -> FloatArray:
    """Return the templates (M,dimension) of all faces of a batch; InputError if a face has none."""
    rows = [np.zeros((0, dimension), np.float32)]
    for analysis in analyses:
        if analysis.templates is not None:
            rows.append(analysis.templates.vectors)
        elif len(analysis.found):
            raise InputError(
                f"{analysis.source}: its faces have no templates; run the task 'embed' before"
            )
    return np.concatenate(rows)


def _heads(task: str) -> list[ModelSpec]:
    return [spec for spec in list_specs(task) if spec.preprocess.layout == "vector"]
