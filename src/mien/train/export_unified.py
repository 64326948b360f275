"""A unified run as one ONNX graph with an output a task."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from mien.metrics.classification import log_loss
from mien.train.batch import gather
from mien.train.examples import Examples
from mien.train.export import Exported, Graph, finished, sample, write_model
from mien.train.recipe import Recipe
from mien.train.taught import COLUMNS
from mien.train.unified import UnifiedLearner

_BATCH = 128


class ShippedUnified(nn.Module):
    """uint8 pictures (N,h,w,3) RGB to all outputs of all tasks, in their order."""

    def __init__(self, learner: UnifiedLearner, outputs: tuple[str, ...]) -> None:
        super().__init__()
        self.learner, self.names = learner, outputs

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs in order."""
        found = self.learner.outputs(image.permute(0, 3, 1, 2).float())
        return tuple(found[name] for name in self.names)


def export_unified(run: Path, recipe: Recipe, examples: Examples, *, folder: Path) -> Exported:
    """Write ``NAME.onnx``, ``NAME.toml`` and ``NAME.md`` of a unified run's best weights.

    Classes are tempered on what was held out, each task for itself, inside the graph. Callers
    that want some outputs only name them when they run it. Errors: those of ``export_run``.
    """
    learner, held = finished(run, recipe, examples)
    temperatures = {}
    for name in learner.names:
        task = learner.head[name]
        if hasattr(task, "temperature"):
            temperatures[name] = task.temperature = _temperature(learner, name, held)
    if "age" in learner.names:
        cast(Any, learner.head["age"]).spread_scale = _spread_scale(learner, held)
    names = tuple(o for n in learner.names for o in cast(Any, learner.head[n]).outputs)
    labels = {n: learner.head[n].labels for n in temperatures}
    shipped = ShippedUnified(learner, names).eval()
    graph = Graph(shipped, sample(held, grey=False), names, labels)
    beside: dict[str, Any] = {"temperature": 1.0, "mirror": False, "temperatures": temperatures}
    return write_model(run, recipe, learner, held, graph, folder, beside, {})


def _spread_scale(learner: UnifiedLearner, held: Examples) -> float:
    """Return the root mean square of the held out ages' errors in standard deviations."""
    years = held.targets[:, COLUMNS["age"]][:, 0]
    rows = np.flatnonzero(~np.isnan(years))
    ratios: list[np.ndarray[Any, Any]] = []
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        with torch.inference_mode():
            found = learner.outputs(gather(held, part).inputs)
        ratios.append((found["age"].numpy() - years[part]) / found["age_spread"].numpy())
    return round(float(np.sqrt(np.square(np.concatenate(ratios)).mean())), 4) if ratios else 1.0


def _temperature(learner: UnifiedLearner, name: str, held: Examples) -> float:
    """Return the temperature of the least log loss of one task on the held out that know it."""
    labels = held.targets[:, COLUMNS[name]][:, 0]
    rows = np.flatnonzero(~np.isnan(labels))
    logits = []
    for start in range(0, len(rows), _BATCH):
        batch = gather(held, rows[start : start + _BATCH])
        with torch.inference_mode():
            logits.append(learner.predict(batch.inputs)[name])
    if not logits:
        return 1.0
    tried, found = np.geomspace(0.25, 4, 161), torch.cat(logits)
    truth = labels[rows].astype(np.int64)
    losses = [log_loss((found / t).softmax(1).numpy(), truth) for t in tried]
    return round(float(tried[int(np.argmin(losses))]), 4)
