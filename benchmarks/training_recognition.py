"""What the recogniser's learned map does to LFW, CelebA and UTKFace's groups, from templates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.accuracy.lfw_templates import lfw_templates
from benchmarks.accuracy.quality_samples import REPORT, samples
from benchmarks.accuracy.rows import Row, share
from benchmarks.accuracy.verification import all_pairs
from mien.metrics.folds import best_threshold
from mien.metrics.verification import threshold_at_fmr
from mien.tasks.ancestry import ANCESTRIES
from mien.train import checkpoint
from mien.train.examples import Examples
from mien.train.learner import build_learner
from mien.train.recipe import find_recipe
from tools.heads.features import Features, read_features

RECIPE, CACHE = "recognition-groups", Path(".cache/heads")
_FMR, _ADULT = 1e-3, 20
Map = Callable[[np.ndarray], np.ndarray]


def learned_map(run: Path) -> Map:
    """Return what a run of the recipe learned, templates (N,D) to unit templates (N,D)."""
    none = Examples(np.zeros((1, 128), np.float32), np.zeros(1, np.int64), np.array(["-"]))
    learner = build_learner(find_recipe(RECIPE), none, 1).eval()
    learner.load_state_dict(checkpoint.load(run / checkpoint.BEST)["learner"])

    def mapped(vectors: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            found = learner.predict(torch.from_numpy(vectors)).numpy()
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)

    return mapped


def recognition(data: Path, run: Path) -> list[Row]:
    """Measure the shipped recogniser's templates as they are, and through the map."""
    features = read_features(data / "utkface", CACHE / "utkface.npz")
    features = features[features.found & features.reported]
    rows: list[Row] = []
    for name, change in (("shipped", lambda vectors: vectors), ("mapped", learned_map(run))):
        threshold, found = _lfw(data, change)
        rows += [{**row, "what": f"{name}: {row['what']}"} for row in found]
        celeba = samples(data, "celeba", REPORT)
        vectors = change(celeba.vectors)
        upper = np.triu_indices(len(vectors), 1)
        scores = (vectors @ vectors.T)[upper]
        mated = celeba.subject[upper[0]] == celeba.subject[upper[1]]
        rows.append(share(f"{name}: CelebA odd ids, FMR", scores[~mated] >= threshold))
        rows.append(share(f"{name}: CelebA odd ids, FNMR", scores[mated] < threshold))
        own = threshold_at_fmr(scores[~mated], _FMR)
        rows.append(share(f"{name}: CelebA odd ids, FNMR at its own FMR 1e-3", scores[mated] < own))
        rows += _groups(name, change(features.template), features, threshold)
    return rows


def _lfw(data: Path, change: Map) -> tuple[float, list[Row]]:
    """Return the threshold for FMR 1e-3 of folds 1-3, and what it does on folds 4-5."""
    templates = lfw_templates(data)
    templates = replace(templates, vectors=change(templates.vectors))
    parts = []
    for folds in ((1, 2, 3), (4, 5)):
        chosen = templates.pictures_of_folds(folds)
        parts.append(all_pairs(templates, chosen[templates.found[chosen]]))
    threshold = threshold_at_fmr(parts[0][0][~parts[0][1]], _FMR)
    scores, usable = templates.scores()
    first = (templates.pairs.fold < 3) & usable
    best = best_threshold(scores[first], templates.pairs.mated[first])
    right = (((scores >= best) == templates.pairs.mated) & usable)[templates.pairs.fold >= 3]
    (scores, mated), where = parts[1], "LFW folds 4-5"
    return threshold, [
        share(f"{where}, accuracy, threshold of folds 1-3", right),
        share(f"{where}, FMR", scores[~mated] >= threshold),
        share(f"{where}, FNMR", scores[mated] < threshold),
    ]


def _groups(name: str, vectors: np.ndarray, about: Features, threshold: float) -> Iterator[Row]:
    """Give FMR among the strangers of each group."""
    years = about.years
    groups = {"all": years >= 0, "under 10": years < 10, "10 to 19": (years >= 10) & (years < 20)}
    for index, ancestry in enumerate(ANCESTRIES):
        groups[f"adults labelled {ancestry}"] = (about.ancestry == index) & (years >= _ADULT)
    groups |= {"female": about.gender == 0, "male": about.gender == 1}
    for group, chosen in groups.items():
        among = vectors[chosen]
        scores = (among @ among.T)[np.triu_indices(len(among), 1)]
        yield share(f"{name}: UTKFace, {group}, FMR", scores >= threshold)
