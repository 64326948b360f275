"""Do the reasons of an expression lie where FACS says that they should?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.accuracy.rows import Row
from benchmarks.reasons.figures import mean, share
from mien.data.fer2013 import Fer2013
from mien.errors import MienError
from mien.explain.explainer import get_explainer
from mien.explain.explaining import DEFAULT_METHOD, find
from mien.explain.guidance import PROTOTYPES, Guidance, guidance
from mien.explain.reading import attribute_case, tasks_for
from mien.tasks.verbs import analyzer

TITLE = "Region guidance: expressions and FACS"
PROTOCOL = (
    "FER2013 `validation`, the first pictures of each folder (neutral has no action units) in "
    "which a face is found; the shown expression's probability is explained by the default "
    "method at its default budget, seed 0. IoU: of the area that the action units of the "
    "prototype move and as large an area of the regions with the highest score a pixel, "
    "within the face; chance: the same over random orders of the regions. Correlation: of "
    "scores and guided area over the face's pixels. Top: the region that speaks most for it "
    "is a guided one; chance: share of guided regions."
)
_EACH = 12
_MOST_TRIED = 3


def measure(data: Path, *, scale: float = 1.0) -> tuple[list[Row], list[str]]:
    """Explain pictures of each expression and compare with the table."""
    rows: list[Row] = []
    everything: list[Guidance] = []
    notes = []
    each = max(2, round(_EACH * scale))
    for expression in PROTOTYPES:
        found, tops = [], []
        for sample in _pictures(data, expression)[: each * _MOST_TRIED]:
            if len(found) == each:
                break
            one = _explained(sample, expression)
            if one is not None:
                found.append(one[0])
                tops.append(one[1])
        everything += found
        rows += _rows(expression, found)
        names, counts = np.unique(tops, return_counts=True)
        listed = ", ".join(f"{names[i]} {counts[i]}" for i in np.argsort(-counts))
        notes.append(f"{expression}: most for it speaks {listed}.")
    return [*_rows("all", everything), *rows], notes


def _rows(name: str, found: list[Guidance]) -> list[Row]:
    return [
        mean(f"{name}: IoU", [one.iou for one in found]),
        mean(
            f"{name}: IoU above chance",
            [one.iou - one.iou_chance for one in found],
            note="paired: each picture less its own chance",
        ),
        mean(f"{name}: correlation", [one.correlation for one in found], note="chance 0"),
        share(
            f"{name}: top region guided",
            [one.top for one in found],
            note=f"chance {np.mean([one.top_chance for one in found]):.3f}" if found else "",
        ),
    ]


def _pictures(data: Path, expression: str) -> list[Path]:
    samples = Fer2013(data / "fer2013").samples("validation")
    return [sample.path for sample in samples if sample.labels["expression"] == expression]


def _explained(path: Path, expression: str) -> tuple[Guidance, str] | None:
    target = f"expression:{expression}"
    chosen = analyzer(tasks_for(target))
    image = chosen.read(path)
    (analysis,) = chosen.run([image])
    if not len(analysis.found):
        return None
    try:
        case = attribute_case(image, analysis, 0, target, options=chosen.options)
    except MienError:
        return None
    scores = find(case, method=DEFAULT_METHOD, budget=get_explainer(DEFAULT_METHOD).budget)
    agreed = guidance(scores.region_scores, case.labels, case.regions, expression)
    return agreed, case.regions[int(np.argmax(scores.region_scores))]
