"""What is said of an exported model: its spec for mien, its card for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mien.metrics.proportion import proportion_interval
from mien.models import get_spec
from mien.train.examples import Examples
from mien.train.recipe import Recipe

_SAID = ("summary", "licence", "author", "source", "training_data", "data_terms", "paper")


def spec_text(
    recipe: Recipe,
    held: Examples,
    figures: Mapping[str, float],
    facts: Mapping[str, Any],
    outputs: Mapping[str, str],
) -> str:
    """Return the TOML spec; ``card`` of the recipe says what cannot be measured."""
    card = recipe.card
    top = {"name": recipe.name, "task": recipe.task, "use": card.get("use", "research")}
    top |= {key: card[key] for key in _SAID if key in card}
    weights = {"file": f"{recipe.name}.onnx", "bytes": facts["bytes"], "sha256": facts["sha256"]}
    preprocess: dict[str, Any] = {"alignment": card.get("alignment", "")}
    if recipe.after:
        before = get_spec(recipe.after).preprocess
        preprocess |= {"size_wh": list(before.size_wh), "colour": before.colour, "in_graph": True}
    elif held.inputs.ndim == 2:
        preprocess |= {"size_wh": [held.inputs.shape[1], 1], "layout": "vector"}
    else:
        colour = "grey" if held.inputs.shape[3] == 1 else "rgb"
        height, width = held.inputs.shape[1:3]
        preprocess |= {"size_wh": [width, height], "colour": colour, "in_graph": True}
    accuracy = {"data": f"{held_name(recipe)}", **_plain(figures)}
    calibration = {"temperature": facts["temperature"]} if recipe.classes else {}
    tables = {
        "weights": weights,
        "preprocess": preprocess,
        "outputs": outputs,
        "accuracy": accuracy,
        "calibration": calibration,
    }
    parts = [f"# Written by mien export, from the recipe {recipe.name}.\n", _lines(top)]
    parts += [f"\n[{name}]\n{_lines(table)}" for name, table in tables.items() if table]
    return "".join(parts)


def card_text(
    recipe: Recipe,
    figures: Mapping[str, float],
    facts: Mapping[str, Any],
    by_class: Mapping[str, tuple[int, int]],
) -> str:
    """Return the model card, in Markdown."""
    card = recipe.card
    lines = [
        f"# {recipe.name}",
        "",
        f"{card.get('summary', recipe.task)}.",
        "",
        f"- Trained on: {card.get('training_data', 'unknown')}.",
        f"- Terms of the data: {card.get('data_terms', 'unknown')}.",
        f"- Licence: {card.get('licence', 'unknown')}.",
        f"- Not for: {card.get('not_for', 'anything that it was not measured for.')}",
        f"- Cost: {facts['hours']:.2f} hours; {facts['bytes'] / 1e6:.1f} MB; torch and "
        f"onnxruntime differ by at most {facts['parity']:.0e}.",
        f"- Measured on {held_name(recipe)}; it chose the weights and calibrated them, so that "
        "these figures flatter a little.",
        "",
        "| figure | value |",
        "|---|---|",
        *(f"| {name} | {value:.4g} |" for name, value in figures.items()),
    ]
    if by_class:
        lines += ["", "| labelled | read so | 95 % interval | n |", "|---|---|---|---|"]
        for name, (hits, count) in by_class.items():
            low, high = proportion_interval(hits, count)
            share = hits / max(1, count)
            lines.append(f"| {name} | {share:.3f} | {low:.3f} to {high:.3f} | {count} |")
    return "\n".join([*lines, ""])


def held_name(recipe: Recipe) -> str:
    """Say what the figures were measured on."""
    settings = recipe.source.settings
    what = settings.get("dataset", settings.get("file", recipe.source.name))
    split = f" {settings['split']}" if settings.get("split") else ""
    return f"{what}{split}, {recipe.hold_out:.0%} held out, seed {recipe.seed}"


def _plain(values: Mapping[str, float]) -> dict[str, float | int]:
    return {k: int(v) if k == "n" else round(float(v), 4) for k, v in values.items()}


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{key} = {_toml(value)}\n" for key, value in table.items())


def _toml(value: Any) -> str:
    # A JSON text, list, number or truth value of these kinds is one of TOML too.
    return json.dumps(value, ensure_ascii=False)
