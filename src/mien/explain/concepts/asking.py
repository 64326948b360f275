"""The verb: which measured attributes of these faces does a score follow."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.explain.concepts.columns import Concepts, concepts_of
from mien.explain.concepts.fitting import Sparse, Tree, fit_sparse, fit_tree
from mien.metrics.estimate import Estimate
from mien.recognition.verify import Choose, one_template
from mien.tasks.pipeline import Source
from mien.tasks.verbs import analyzer
from mien.types import Analysis
from mien.types.arrays import Array, BoolArray

#: What is measured without the recogniser: these are concepts.
MEASURED = ("pose", "gaze", "quality", "skin_tone", "lighting")
#: Read by heads from the template itself: targets, never concepts.
READINGS = ("apparent_age", "apparent_gender", "apparent_ancestry", "expression")
_TASKS = {
    "apparent_age": "age",
    "apparent_gender": "gender",
    "apparent_ancestry": "ancestry",
    "expression": "expression",
}
#: Every fifth picture, by its hash, is kept back to judge on.
_PART = 5


@dataclass(frozen=True, slots=True)
class Followed:
    """What a target follows, said twice: as a sum and as a tree; ``n_faces`` in all."""

    target: str
    sparse: Sparse
    tree: Tree
    n_faces: int
    n_pictures: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return {
            "target": self.target,
            "n_faces": self.n_faces,
            "n_pictures": self.n_pictures,
            "sparse": {
                "verdict": self.sparse.verdict,
                "r2": _plain(self.sparse.r2),
                "r2_folds": self.sparse.r2_folds,
                "weights": dict(self.sparse.weights),
            },
            "tree": {
                "verdict": self.tree.verdict,
                "fidelity": _plain(self.tree.fidelity),
                "importance": {name: _plain(value) for name, value in self.tree.importance},
                "rules": self.tree.rules,
            },
        }

    def to_text(self) -> str:
        """Return two sentences from measured facts, hedged by the verdicts."""
        weights = ", ".join(f"{name} {weight:+.2f}" for name, weight in self.sparse.weights)
        important = ", ".join(name for name, value in self.tree.importance if value.low > 0)
        tree = f"; it asks for {important}" if important else ""
        return (
            f"{self.target} is {self.sparse.verdict} by a sum of concepts (R² {self.sparse.r2}): "
            f"{weights}. By a tree it is {self.tree.verdict} (R² {self.tree.fidelity}){tree}. "
            "What goes together need not be a cause."
        )


def concepts(
    sources: str | Path | Iterable[Source],
    target: str,
    *,
    reference: Source | None = None,
    choose: Choose = "single",
    seed: int = 0,
    **options: Any,
) -> Followed:
    """Describe a target by measured attributes of all faces in these pictures.

    ``target``: "unit:7" of the templates, "score" against the face in ``reference``, or a reading
    ("apparent_age", "expression:happy"). Concepts are pose, gaze and openness, components of
    quality, skin tone and lighting. Fitted on four fifths of the pictures, by their hash, judged on
    the others; pictures that fail are left out. Raises InputError for an unknown target and too
    few faces, MissingExtraError without scikit-learn.
    """
    reading = target.partition(":")[0]
    if (target == "score") != (reference is not None):
        raise InputError("concepts: target 'score' goes with a reference, and no other does")
    tasks = (*MEASURED, "embed", *([_TASKS[reading]] if reading in _TASKS else []))
    chosen = analyzer(tasks, **options)
    analyses = [one for one in chosen.analyze_many(sources) if len(one.found)]
    table = concepts_of(one.found for one in analyses)
    values = _target(analyses, table, target)
    if values is None:
        assert reference is not None
        template = one_template(chosen.analyze(reference), choose=choose)
        values = _vectors(analyses) @ template.vectors[0]
    judged = _judged(analyses)
    known = table.without(*READINGS, "face_presence")
    parts = known[~judged], values[~judged], known[judged], values[judged]
    sparse, tree = fit_sparse(*parts, seed=seed), fit_tree(*parts, seed=seed)
    return Followed(target, sparse, tree, len(values), len(analyses))


def _target(analyses: Sequence[Analysis], table: Concepts, target: str) -> Array | None:
    if target == "score":
        return None
    name, _, unit = target.partition(":")
    if name == "unit" and analyses:
        vectors = _vectors(analyses)
        if not (unit.isdecimal() and int(unit) < vectors.shape[1]):
            raise InputError(f"target: got {target!r}, expected unit:0 to {vectors.shape[1] - 1}")
        return np.asarray(vectors[:, int(unit)])
    if target in table.names and name in READINGS:
        return np.asarray(table.values[:, table.names.index(target)])
    raise InputError(
        f"target: got {target!r}, expected unit:N, score, apparent_age, or a reading with its "
        "label (expression:happy) that varies among the faces"
    )


def _vectors(analyses: Sequence[Analysis]) -> Array:
    found = [one.templates.vectors for one in analyses if one.templates is not None]
    return np.concatenate(found) if found else np.zeros((0, 1), np.float32)


def _judged(analyses: Sequence[Analysis]) -> BoolArray:
    """Return which faces (N,) are of a picture that is kept back: one picture is on one side."""
    marks = []
    for number, one in enumerate(analyses):
        key = one.content_sha256
        if key is None:
            key = hashlib.sha256(str(number).encode()).hexdigest()
        marks += [int(key, 16) % _PART == 0] * len(one.found)
    return np.array(marks, bool)


def _plain(value: Estimate) -> dict[str, float | int]:
    return {"value": value.value, "low": value.low, "high": value.high, "n": value.n}
