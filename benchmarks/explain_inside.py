"""Measure explainers that look inside torch models, and write docs/explain_inside.md.

python -m benchmarks.explain_inside --data ../shared/data [--only game|components|trained]

game: the inpainting game on LFW, beside the default and the baselines; components: how well the
effects of channels predict held-out ablations of the recogniser; trained: T-TAME and COMET on
FER2013 at 48 px, trained on ``train``, measured on ``validation``. Parts that are not measured
keep what docs/explain_inside.json has.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.report import Results, moment, say
from mien.data import open_dataset
from mien.data.fer2013 import EXPRESSIONS
from mien.evaluate.explanations.cut_faces import TASKS, cut_faces, unit_embedder
from mien.evaluate.explanations.run import evaluate_explanations, samples_of
from mien.evaluate.readings import Readings, quiet
from mien.explain.explaining import DEFAULT_METHOD
from mien.explain.inside.component_effects import component_effects
from mien.explain.inside.fitting import hidden_behind
from mien.explain.inside.placing import deepest_map
from mien.explain.inside.selector_model import SmallClassifier, train_detector, train_selector
from mien.explain.inside.tame_model import TameModel, train_tame
from mien.explain.inside.watching import images_of, watch
from mien.explain.opened import open_recogniser
from mien.metrics.proportion import proportion_interval
from mien.models import load
from mien.tasks.pipeline import Analyzer

INSIDE = (
    *("excitation_subtree", "excitation_contrastive", "excitation"),
    *("grad_cam", "grad_cam_plus", "integrated_gradients"),
)
BESIDE = (DEFAULT_METHOD, "occlusion", "centre", "random")
#: Figures of the game that the table shows, and their headings.
SHOWN = {
    "region accuracy": "region",
    "pointing accuracy": "pointing",
    "insertion area": "insertion",
    "deletion area": "deletion",
    "sanity, weights shuffled": "shuffled weights",
    "model calls": "calls",
    "time": "seconds",
}
EMBEDDER = "resnet29.dlib"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--only", choices=tuple(PARTS))
    parser.add_argument("--out", type=Path, default=Path("docs/explain_inside.md"))
    parser.add_argument("--cache", type=Path, default=Path(".bench/explain_inside"))
    parser.add_argument("--split", default="report")
    parser.add_argument("--triplets", type=int, default=500)
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--crops", type=int, default=20_000, help="of FER2013, to train on")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    kept = options.out.with_suffix(".json")
    results: Results = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for name in [options.only] if options.only is not None else PARTS:
        say(f"{name} ...")
        begin = time.perf_counter()
        found = PARTS[name](options)
        found |= {
            "seconds": round(time.perf_counter() - begin),
            "measured": moment(),
        }
        results[name] = found
        kept.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    options.out.write_text("\n".join(page(results)), "utf-8")
    say(f"wrote {options.out}")


def game(options: argparse.Namespace) -> Results:
    """Play the game with every method; return its figures by method."""
    evaluation = evaluate_explanations(
        options.data / "lfw",
        methods=[*INSIDE, *BESIDE],
        split=options.split,
        triplets=options.triplets,
        trials=options.trials,
        cache=options.cache,
        threads=options.threads,
    )
    methods = {
        result.model: {
            figure.name: [figure.value, figure.low, figure.high, figure.n]
            for figure in result.findings.figures
            if figure.name in SHOWN or figure.name.startswith("region accuracy less")
        }
        for result in evaluation.results
    }
    return {"split": options.split, "data": evaluation.data, "methods": methods}


def components(options: argparse.Namespace) -> Results:
    """Return R2 on held-out ablations, by the ablations made, over crops of LFW's pairs."""
    analyzer = Analyzer(TASKS, mirror=False)
    samples = samples_of(open_dataset("lfw", options.data / "lfw"), options.split)
    names = sorted({str(s.subject_id) for s in samples})
    people = [[s for s in samples if s.subject_id == name][:2] for name in names]
    pairs = [pair for pair in people if len(pair) == 2][:10]
    flat = [sample for pair in pairs for sample in pair]
    faces = cut_faces(flat, Readings(analyzer, None, quiet), choose="central")
    vectors = unit_embedder(load(EMBEDDER))(faces.crops)
    rows = []
    for ablations in (400, 1600):
        found = []
        for number in range(len(faces) - 1):
            if faces.person[number] != faces.person[number + 1]:
                continue
            opened = open_recogniser(EMBEDDER, vectors[number + 1])
            crop = faces.crops[number]
            layer = deepest_map(watch(opened, images_of(crop[None])))
            effects = component_effects(
                opened, crop, layers=[layer], ablations=ablations, seed=number
            )
            found.append(effects.r2)
        rows.append(
            {
                "components": len(effects.effects),
                "ablations": ablations,
                "r2": float(np.mean(found)),
                "lowest": float(np.min(found)),
                "highest": float(np.max(found)),
                "n": len(found),
            }
        )
    return {"rows": rows}


def trained(options: argparse.Namespace) -> Results:
    """Train on FER2013's train, measure on its validation."""
    crops, classes = faces_of(options, "train", options.crops)
    tests, truth = faces_of(options, "validation", 1000)
    count = len(EXPRESSIONS)
    detector, _ = train_detector(crops, classes, count=count, width=16, epochs=options.epochs)
    rows = [{"name": "whole crop, detector", **share(said_by(detector, tests) == truth)}]
    for detected in (0.0, 1.0):
        model, _ = train_selector(
            detector, crops, classes, detected=detected, epochs=options.epochs
        )
        mask = masks_of(model.selector, tests)
        kind = "without detector" if detected == 0 else "with detector"
        area = float(mask.mean())
        right = said_by(model, tests) == truth
        left = said_on(detector, tests, 1 - mask) == truth
        rows.append({"name": f"selected, predictor, {kind}", "area": area, **share(right)})
        rows.append({"name": f"left out, detector, {kind}", "area": 1 - area, **share(left)})
    masked = tame(detector, crops, tests, options)
    return {"crops": len(crops), "epochs": options.epochs, "rows": rows, "tame": masked}


def tame(
    detector: SmallClassifier, crops: np.ndarray, tests: np.ndarray, options: argparse.Namespace
) -> list[dict[str, Any]]:
    """Return how often the class stays when only what attention shows is seen, and other masks."""
    model, _ = train_tame(detector, crops[: options.crops // 4], epochs=options.epochs)
    said = said_by(detector, tests)
    mask = attention_of(model, tests, said)
    order = np.random.default_rng(0).permutation(len(tests))
    masks = {
        "its attention": mask,
        "the attention of another crop": mask[order],
        "its attention upside down": torch.flip(mask, dims=(2,)),
    }
    return [
        {"name": name, "area": float(one.mean()), **share(said_on(detector, tests, one) == said)}
        for name, one in masks.items()
    ]


def faces_of(options: argparse.Namespace, split: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    samples = list(open_dataset("fer2013", options.data / "fer2013").samples(split))
    order = np.random.default_rng(0).permutation(len(samples))[:count]
    chosen = [samples[row] for row in order]
    kinds = [EXPRESSIONS.index(str(sample.labels["expression"])) for sample in chosen]
    return np.stack([sample.image().pixels for sample in chosen]), np.array(kinds, np.int64)


def batched(crops: np.ndarray, said: Callable[[torch.Tensor, slice], torch.Tensor]) -> torch.Tensor:
    with torch.no_grad():
        parts = [slice(start, start + 100) for start in range(0, len(crops), 100)]
        return torch.cat([said(images_of(crops[rows]), rows) for rows in parts])


def said_by(network: torch.nn.Module, crops: np.ndarray) -> np.ndarray:
    return batched(crops, lambda images, _: network(images).argmax(dim=1)).numpy()


def said_on(network: torch.nn.Module, crops: np.ndarray, mask: torch.Tensor) -> np.ndarray:
    return batched(
        crops, lambda images, rows: network(hidden_behind(images, mask[rows])).argmax(dim=1)
    ).numpy()


def masks_of(selector: torch.nn.Module, crops: np.ndarray) -> torch.Tensor:
    return batched(crops, lambda images, _: selector(images))


def attention_of(model: TameModel, crops: np.ndarray, said: np.ndarray) -> torch.Tensor:
    def one(images: torch.Tensor, rows: slice) -> torch.Tensor:
        return model.attention(images)[torch.arange(len(images)), said[rows]][:, None]

    return batched(crops, one)


def share(right: np.ndarray) -> dict[str, Any]:
    low, high = proportion_interval(int(right.sum()), len(right))
    return {"value": float(right.mean()), "low": low, "high": high, "n": len(right)}


def page(results: Results) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Explainers that look inside, measured"
    yield ""
    yield "Written by `python -m benchmarks.explain_inside`; numbers in `explain_inside.json`."
    yield "Intervals are 95 %."
    for name, found in results.items():
        yield ""
        yield from PAGES[name](found)
        yield ""
        yield f"Measured {found['measured']}, in {found['seconds']} s."
    yield ""


def game_page(found: Results) -> Iterator[str]:
    data = found["data"]
    yield "## The inpainting game, and faithfulness"
    yield ""
    yield f"{data['triplets']} triplets of LFW, split `{found['split']}`, {EMBEDDER} in torch."
    yield "`shuffled weights`: rank correlation of region scores with those of a model that has"
    yield "forgotten all; near 0 is right. Region and pointing accuracy, insertion: higher is"
    yield "better; deletion: lower."
    yield ""
    yield "| method | " + " | ".join(SHOWN.values()) + " |"
    yield "|---" * (len(SHOWN) + 1) + "|"
    for method, figures in found["methods"].items():
        yield f"| {method} | " + " | ".join(shown(figures.get(name)) for name in SHOWN) + " |"


def shown(figure: list[Any] | None) -> str:
    if figure is None or figure[0] is None:
        return "-"
    value, low, high, _ = figure
    return f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} to {high:.3f})"


def components_page(found: Results) -> Iterator[str]:
    yield "## Component attribution"
    yield ""
    yield "How much of the variance of the score over held-out ablations of 10 % of the channels of"
    yield "one layer the effects explain; pairs of LFW, mean and range."
    yield ""
    yield "| channels | ablations | R² | lowest | highest | pairs |"
    yield "|---|---|---|---|---|---|"
    for row in found["rows"]:
        numbers = " | ".join(f"{row[key]:.2f}" for key in ("r2", "lowest", "highest"))
        yield f"| {row['components']} | {row['ablations']} | {numbers} | {row['n']} |"


def trained_page(found: Results) -> Iterator[str]:
    yield "## Trained explainers, FER2013 at 48 px"
    yield ""
    yield f"{found['crops']} crops of `train`, {found['epochs']} epochs; validation crops. Small"
    yield "networks: these are no figures of an expression reader. A selector is complete where the"
    yield "detector finds little in what it left out."
    yield ""
    yield from rows_page("accuracy", found["rows"])
    yield ""
    yield "T-TAME: how often the detector's class stays when a mask hides the rest."
    yield ""
    yield from rows_page("class stays", found["tame"])


def rows_page(title: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"| seen | share of the crop | {title} | n |"
    yield "|---|---|---|---|"
    for row in rows:
        figure = shown([row["value"], row["low"], row["high"], row["n"]])
        yield f"| {row['name']} | {row.get('area', 1.0):.2f} | {figure} | {row['n']} |"


PARTS: dict[str, Callable[[argparse.Namespace], Results]] = {
    "game": game,
    "components": components,
    "trained": trained,
}
PAGES: dict[str, Callable[[Results], Iterator[str]]] = {
    "game": game_page,
    "components": components_page,
    "trained": trained_page,
}

if __name__ == "__main__":
    main()
