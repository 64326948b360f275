"""Verification on LFW: accuracy, and what the stored operating points do on other folds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.accuracy.lfw_templates import LfwTemplates, lfw_templates
from benchmarks.accuracy.rows import Row, share
from mien.metrics.folds import best_threshold
from mien.models import get_spec, has_model

TITLE = "Verification (LFW)"
PROTOCOL = (
    "View 2 pairs, 5 identity-disjoint folds. The threshold of a fold comes from the other folds; "
    "a pair with an undetected face counts as wrong. With several faces in a picture the one "
    "nearest to its middle is taken: it is the one that LFW names. `FMR` and `FNMR` rows use the "
    "operating points stored in the model's spec, which were measured on folds 1-3. "
    "`mien evaluate lfw --data ../shared/data/lfw` gives the first row from the command line."
)
#: Name, and options of Analyzer.
VARIANTS = (
    ("default", {}),
    ("without mirroring", {"mirror": False}),
    ("plain mesh", {"mesh": "facemesh.plain"}),
)

FAST = "mobileface.256"


def measure(data: Path) -> list[Row]:
    """Measure the default and its cheaper variants."""
    rows: list[Row] = []
    for name, options in (*VARIANTS, *_fast()):
        templates = lfw_templates(data, **options)
        rows += _accuracy(name, templates)
        if name == "default":
            rows += _operating_points(templates)
    return rows


def _fast() -> tuple[tuple[str, dict[str, str]], ...]:
    """The faster recogniser, where the research distribution is installed."""
    return (("--fast", {"embedder": FAST}),) if has_model(FAST) else ()


def _accuracy(name: str, templates: LfwTemplates) -> list[Row]:
    pairs = templates.pairs
    scores, usable = templates.scores()
    correct = np.zeros(len(scores), bool)
    for fold in np.unique(pairs.fold):
        here, others = pairs.fold == fold, (pairs.fold != fold) & usable
        threshold = best_threshold(scores[others], pairs.mated[others])
        correct[here] = (((scores >= threshold) == pairs.mated) & usable)[here]
    rows = [share(f"{name}: accuracy, all folds", correct)]
    last = pairs.fold >= 3
    first = (pairs.fold < 3) & usable
    threshold = best_threshold(scores[first], pairs.mated[first])
    rows.append(
        share(
            f"{name}: accuracy, folds 4-5, threshold of folds 1-3",
            (((scores >= threshold) == pairs.mated) & usable)[last],
        )
    )
    rows[0]["note"] = (
        f"{int((~templates.found).sum())} of {len(templates.found)} pictures undetected"
    )
    return rows


def _operating_points(templates: LfwTemplates) -> list[Row]:
    """Check each stored threshold on all cross-subject pairs and all mated pairs of folds 4-5."""
    chosen = templates.pictures_of_folds((4, 5))
    chosen = chosen[templates.found[chosen]]
    scores, mated = all_pairs(templates, chosen)
    rows = []
    for point in get_spec("resnet29.dlib").operating_points:
        if point.model_id != templates.model_id:
            continue
        title = (
            f"operating point FMR {point.target_fmr:g} (score ≥ {point.threshold:.4f}), folds 4-5"
        )
        rows.append(share(f"{title}: FMR", scores[~mated] >= point.threshold))
        rows.append(share(f"{title}: FNMR", scores[mated] < point.threshold))
    return rows


def all_pairs(templates: LfwTemplates, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of all pairs among the chosen pictures, and whether they are mated."""
    subjects = np.array([name.split("/")[0] for name in templates.names[chosen]])
    upper = np.triu_indices(len(chosen), 1)
    scores = (templates.vectors[chosen] @ templates.vectors[chosen].T)[upper]
    return scores, subjects[upper[0]] == subjects[upper[1]]
