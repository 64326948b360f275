"""What each idea of the unified model's decoder is worth, from short runs of its recipe.

Called by ``python -m benchmarks.training --only ablations``; an hour and a half on one core.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.accuracy.rows import Row
from mien.train.engine import fit
from mien.train.recipe import Recipe, find_recipe
from mien.train.registry import build, part
from mien.train.validation import validation_of

RECIPE = "mien-unified-s"
#: Epochs of each run: enough to tell what matters much, not what matters a little. The running mean
#: over weights is as much shorter.
EPOCHS, EMA = 1.0, 0.99
_FIGURES = ("expression", "gender", "ancestry", "age_mae_years", "nme", "cosine")


def variants(recipe: Recipe) -> dict[str, Recipe]:
    """Return the recipe as it is, and with one idea left out each."""
    left_out = {
        "places do not look back at tokens [P23]": {"both_ways": False},
        "no attention over levels [P14]": {"level_attention": False},
        "no attention over channels [P211]": {"channel_attention": False},
    }
    without = {
        name: replace(recipe, head=part(recipe.head.name, **settings))
        for name, settings in left_out.items()
    }
    scratch = replace(
        recipe,
        backbone=part("dlib_resnet", size_px=112, stages=5, shipped=False, norms=True),
        tasks=tuple(
            part("embedding", shipped=False) if task.name == "embedding" else task
            for task in recipe.tasks
        ),
    )
    return {"as it is": recipe, **without, "from scratch": scratch}


def ablations(data: Path, runs: Path) -> list[Row]:
    """Train each variant shortly and measure it on the held-out tenth."""
    del runs
    recipe = replace(find_recipe(RECIPE), epochs=EPOCHS, ema=EMA, checkpoint_every_s=1e9)
    examples = build("source", recipe.source, data, Path(), recipe.classes)
    rows: list[Row] = []
    for name, variant in variants(recipe).items():
        with tempfile.TemporaryDirectory() as folder:
            done = fit(variant, examples, folder=Path(folder), validate=validation_of("unified"))
        print(name, dict(done.figures), f"{done.seconds:.0f} s", flush=True)
        for figure in _FIGURES:
            rows.append(
                {
                    "what": f"{name}: {figure}",
                    "value": done.figures[figure],
                    "n": round(recipe.hold_out * len(examples)),
                    "note": f"{done.steps} updates, {torch.get_num_threads()} threads, one seed",
                }
            )
    return rows
