"""What each idea of the unified model's decoder is worth, from short runs of its recipe.

Called by ``python -m benchmarks.training --only ablations``; an hour and a half on one core.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.rows import Row
from benchmarks.unified import people
from mien.models import load
from mien.train.checkpoint import LAST
from mien.train.engine import fit
from mien.train.examples import Examples, held_out
from mien.train.export_unified import export_unified
from mien.train.recipe import Recipe, find_recipe
from mien.train.registry import Part, build, part
from mien.train.taught import COLUMNS, UNKNOWN
from mien.train.validation import validation_of

RECIPE = "mien-unified-s"
#: Epochs of each run: enough to tell what matters much, not what matters a little. The running mean
#: over weights is as much shorter.
EPOCHS, EMA = 1.0, 0.99
SCRATCH = "from scratch"
#: Each figure, and the column in which it is known.
_FIGURES = {
    **{name: name for name in ("expression", "gender", "ancestry")},
    **{"age_mae_years": "age", "nme": "points", "cosine": "embedding"},
}


def variants(recipe: Recipe) -> dict[str, Recipe]:
    """Return the recipe as it is, twice, with one idea changed each, and begun at random."""
    heads = {
        "two layers": {"layers": 2},
        "places look back at tokens [P23]": {"both_ways": True},
        "no attention over levels [P14]": {"level_attention": False},
        "no attention over channels [P211]": {"channel_attention": False},
    }
    changed = {
        name: replace(recipe, head=part(recipe.head.name, **settings))
        for name, settings in heads.items()
    }
    shared = _with_task(recipe, part("regions", own_tokens=False))
    changed["one token for all regions [P90]"] = shared
    scratch = replace(
        recipe,
        backbone=part("dlib_resnet", size_px=112, stages=5, shipped=False, norms=True),
        tasks=_with_task(recipe, part("embedding", shipped=False)).tasks,
    )
    seeds = {"as it is": recipe, "as it is, another seed": replace(recipe, seed=recipe.seed + 1)}
    return {**seeds, **changed, SCRATCH: scratch}


def _with_task(recipe: Recipe, changed: Part) -> Recipe:
    """Return the recipe with a task of that name as given."""
    tasks = tuple(changed if task.name == changed.name else task for task in recipe.tasks)
    return replace(recipe, tasks=tasks)


def ablations(data: Path, runs: Path) -> list[Row]:
    """Train each variant shortly and measure it on the held-out tenth; goes on where it stopped."""
    recipe = replace(find_recipe(RECIPE), epochs=EPOCHS, ema=EMA)
    examples = build("source", recipe.source, data, Path(), recipe.classes)
    rows: list[Row] = []
    for name, variant in variants(recipe).items():
        folder = runs / "ablations" / re.sub(r"\W+", "-", name).strip("-")
        begun = (folder / LAST).exists()
        done = fit(
            variant, examples, folder=folder, validate=validation_of("unified"), resume=begun
        )
        print(name, dict(done.figures), f"{done.seconds:.0f} s", flush=True)
        note = f"{done.steps} updates, {done.seconds / 3600:.2f} h"
        rows += [
            {"what": f"{name}: {figure}", "value": done.figures[figure], "n": n, "note": note}
            for figure, n in _counts(variant, examples).items()
        ]
        if name == SCRATCH:
            rows.append(_tells_apart(folder, variant, examples, data))
    return rows


def _counts(recipe: Recipe, examples: Examples) -> dict[str, int]:
    """Return of how many held-out examples each figure is the mean."""
    held = held_out(examples, share=recipe.hold_out, seed=recipe.seed)[1]
    targets = examples.targets[held]
    counts = {f: int((~np.isnan(targets[:, COLUMNS[c].start])).sum()) for f, c in _FIGURES.items()}
    assert examples.masks is not None
    masked = (examples.masks[held] != UNKNOWN).any(axis=(1, 2))
    marked = targets[:, COLUMNS["points"].start] == 1
    return counts | {"nme": int(marked.sum()), "region_iou": int(masked.sum())}


def _tells_apart(run: Path, recipe: Recipe, examples: Examples, data: Path) -> Row:
    """Return how well a run's template tells people of LFW apart."""
    with tempfile.TemporaryDirectory() as folder:
        written = export_unified(run, recipe, examples, folder=Path(folder))
        mine, _ = people(data, load(written.spec))
    return mine | {"what": f"{SCRATCH}: LFW folds 4-5, accuracy"}
