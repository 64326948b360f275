"""How good a learner is on examples, by the kind of its head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np
import torch
from torch import Tensor

from mien.errors import InputError
from mien.metrics.classification import accuracy, class_scores, log_loss
from mien.metrics.landmarks import nme
from mien.metrics.segmentation import segmentation
from mien.metrics.verification import threshold_at_fmr
from mien.train.batch import gather
from mien.train.engine import Validate
from mien.train.examples import Examples
from mien.train.learner import Learner
from mien.train.tasks.regions import at_places
from mien.train.taught import COLUMNS, N_POINTS, UNKNOWN
from mien.train.unified import UnifiedLearner
from mien.types.arrays import Array, FloatArray

_BATCH = 128
#: Where recognisers are compared.
_FMR = 1e-3


def in_batches(examples: Examples) -> Iterator[Tensor]:
    """Yield the inputs of all examples, so many at a time as are run at once."""
    for start in range(0, len(examples), _BATCH):
        rows = np.arange(start, min(start + _BATCH, len(examples)))
        yield gather(examples, rows).inputs


def predictions(learner: Learner, examples: Examples) -> FloatArray:
    """Return what the head predicts of all N > 0 examples, (N,D) float32; call it in eval mode."""
    with torch.inference_mode():
        found = [learner.predict(inputs).float().numpy() for inputs in in_batches(examples)]
    return np.concatenate(found)


def unified_predictions(learner: UnifiedLearner, examples: Examples) -> dict[str, Tensor]:
    """Return what each task predicts of all N > 0 examples; call it in eval mode."""
    with torch.inference_mode():
        batches = [learner.predict(inputs) for inputs in in_batches(examples)]
    return {name: torch.cat([batch[name] for batch in batches]) for name in batches[0]}


def class_figures(learner: Learner, examples: Examples) -> Mapping[str, float]:
    """Return accuracy, balanced accuracy and log loss on classes."""
    logits = predictions(learner, examples)
    probabilities = Tensor(logits).softmax(dim=1).numpy()
    predicted, truth = logits.argmax(axis=1), examples.targets
    scores = class_scores(predicted, truth, n_classes=logits.shape[1])
    return {
        "accuracy": accuracy(predicted, truth),
        "balanced_accuracy": scores.balanced_accuracy,
        "log_loss": log_loss(probabilities, truth),
    }


def age_figures(learner: Learner, examples: Examples) -> Mapping[str, float]:
    """Return the negated mean absolute error, so that higher is better, and the mean error."""
    logits = torch.from_numpy(predictions(learner, examples))
    finish = learner.head.finish
    years = finish(logits)["age"].numpy()  # type: ignore[operator]
    errors = years - examples.targets
    return {"minus_mae_years": -float(np.abs(errors).mean()), "bias_years": float(errors.mean())}


def match_figures(learner: Learner, examples: Examples) -> Mapping[str, float]:
    """Return FNMR at FMR 1e-3 among subjects, and the highest FMR there in a group of strangers.

    Targets below 0 are groups of strangers, as for the loss group_margins. Higher is better in the
    first figure, the negated sum of both.
    """
    vectors = predictions(learner, examples)
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    known = examples.targets >= 0
    scores, mated = _pairs(vectors[known], examples.targets[known])
    threshold = threshold_at_fmr(scores[~mated], _FMR)
    fnmr, worst = float((scores[mated] < threshold).mean()), 0.0
    for group in np.unique(examples.targets[~known]):
        among, _ = _pairs(vectors[examples.targets == group], np.zeros(0))
        worst = max(worst, float((among >= threshold).mean()) if len(among) else 0.0)
    return {"minus_errors": -fnmr - worst, "fnmr": fnmr, "worst_group_fmr": worst}


def _pairs(vectors: FloatArray, labels: Array) -> tuple[FloatArray, Array]:
    """Return the cosine of every pair of rows, and whether their labels are equal, if given."""
    first, second = np.triu_indices(len(vectors), 1)
    scores: FloatArray = (vectors @ vectors.T)[first, second]
    return scores, labels[first] == labels[second] if len(labels) else labels


def validation_of(task: str) -> Validate:
    """Return how a task's learners are measured; InputError for a task without a measure."""
    if task not in _MEASURES:
        raise InputError(f"task: got {task!r}, expected one of {', '.join(_MEASURES)}")
    return _MEASURES[task]


def unified_figures(learner: Learner, examples: Examples) -> Mapping[str, float]:
    """Return how good each output is where it is known; first a sum of what is to be high.

    What the learner has no task for, or nobody knows, has no figure. Points are measured on those
    that people marked; where nobody did, on the teacher's (``nme_taught``).
    """
    unified = cast(UnifiedLearner, learner)
    outputs = unified.finish(unified_predictions(unified, examples))
    found = {name: value.float().numpy() for name, value in outputs.items()}
    figures: dict[str, float] = {}
    for name in ("expression", "gender", "ancestry"):
        said = examples.targets[:, COLUMNS[name]][:, 0]
        known = ~np.isnan(said)
        if name in found and known.any():
            figures[name] = float((found[name].argmax(axis=1) == said)[known].mean())
    years = examples.targets[:, COLUMNS["age"]][:, 0]
    if "age" in found and not np.isnan(years).all():
        figures["age_mae_years"] = float(np.nanmean(np.abs(found["age"] - years)))
    if "points" in found:
        figures |= _points_figures(found["points"], examples)
    if "regions" in found:
        figures |= _region_figures(outputs["regions"], examples)
    templates = examples.targets[:, COLUMNS["embedding"]]
    if "embedding" in found and not np.isnan(templates).all():
        figures["cosine"] = float(np.nanmean((found["embedding"] * templates).sum(axis=1)))
    total = sum(weight * figures.get(name, 0.0) for name, weight in _WEIGHTS.items())
    return {"total": total, **figures}


#: What each figure counts in the total.
_WEIGHTS = {
    **{"expression": 1.0, "gender": 1.0, "ancestry": 1.0, "cosine": 1.0},
    **{"age_mae_years": -0.1, "nme": -4.0, "nme_taught": -4.0},
}


def _points_figures(found: FloatArray, examples: Examples) -> dict[str, float]:
    """Return the error of points (N,68,3) over the distance of the outer eye corners."""
    assert examples.landmarks is not None
    points = examples.landmarks[:, :N_POINTS, :2]
    marked = examples.targets[:, COLUMNS["points"]][:, 0] == 1
    name, chosen = "nme", marked
    if not marked.any():
        name, chosen = "nme_taught", ~np.isnan(points).any(axis=(1, 2))
    if not chosen.any():
        return {}
    eyes = np.linalg.norm(points[chosen, 36] - points[chosen, 45], axis=1)
    return {name: nme(found[chosen, :, :2], points[chosen], distance=eyes)}


def _region_figures(found: Tensor, examples: Examples) -> dict[str, float]:
    """Return the overlap of regions (N,7,h,w) with the masks, the mean over those there are."""
    assert examples.masks is not None
    size = (found.shape[2], found.shape[3])
    wanted = at_places(torch.from_numpy(examples.masks[:, None]).float(), size)
    pairs = zip(found.argmax(dim=1).numpy(), wanted.numpy(), strict=True)
    counted = segmentation(pairs, n_classes=found.shape[1], ignore=UNKNOWN)
    there = counted.pixels.sum(axis=1) > 0
    return {"region_iou": float(counted.iou[there].mean())} if there.any() else {}


_MEASURES: Mapping[str, Validate] = {
    "age": age_figures,
    "ancestry": class_figures,
    "embed": match_figures,
    "expression": class_figures,
    "gender": class_figures,
    "unified": unified_figures,
}
