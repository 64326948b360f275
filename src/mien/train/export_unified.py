"""A unified run as one ONNX graph with an output a task."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from torch import Tensor, nn

from mien.train.examples import Examples
from mien.train.export import Exported, Graph, best_temperature, finished, sample, write_model
from mien.train.recipe import Recipe
from mien.train.taught import COLUMNS
from mien.train.unified import UnifiedLearner
from mien.train.validation import unified_predictions


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
    predicted = unified_predictions(learner, held)
    temperatures = {}
    for name in learner.names:
        task = learner.head[name]
        if hasattr(task, "temperature"):
            labels = held.targets[:, COLUMNS[name]][:, 0]
            known = ~np.isnan(labels)
            if known.any():
                truth = labels[known].astype(np.int64)
                task.temperature = best_temperature(predicted[name][known], truth)
            temperatures[name] = task.temperature
    if "age" in learner.names:
        age: Any = learner.head["age"]
        age.spread_scale = _spread_scale(age.finish(predicted["age"]), held)
    names = tuple(o for n in learner.names for o in cast(Any, learner.head[n]).outputs)
    classes = {n: learner.head[n].labels for n in temperatures}
    shipped = ShippedUnified(learner, names).eval()
    graph = Graph(shipped, sample(held, grey=False), names, classes)
    beside: dict[str, Any] = {"temperature": 1.0, "mirror": False, "temperatures": temperatures}
    return write_model(run, recipe, learner, held, graph, folder, beside, {})


def _spread_scale(found: Mapping[str, Tensor], held: Examples) -> float:
    """Return the root mean square of the held out ages' errors in standard deviations."""
    errors = found["age"].numpy() - held.targets[:, COLUMNS["age"]][:, 0]
    ratios = (errors / found["age_spread"].numpy())[~np.isnan(errors)]
    return round(float(np.sqrt(np.square(ratios).mean())), 4) if len(ratios) else 1.0
