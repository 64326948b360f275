"""The unified model's second stage: from the first one's weights, expressions by labels alone."""

from dataclasses import replace

from mien.train.recipes.mien_unified_s import RECIPE as FIRST
from mien.train.registry import part

RECIPE = replace(
    FIRST,
    begin="runs/mien-unified-s",
    tasks=tuple(
        part("expression", taught=0.0) if task.name == "expression" else task
        for task in FIRST.tasks
    ),
    epochs=1.0,
    learning_rate=4e-4,
    card={**FIRST.card, "source": "mien train mien-unified-s, then mien-unified-s-labels"},
)
