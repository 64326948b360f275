"""What mien's own networks are worth, and what its training loop costs; writes docs/trained.md.

python -m benchmarks.training --data ../shared/data [--only expression unified teachers ...]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from benchmarks.accuracy.__main__ import provenance
from benchmarks.accuracy.rows import Row, markdown, share
from benchmarks.training_ablations import EPOCHS, ablations
from benchmarks.training_recognition import RECIPE as RECOGNITION
from benchmarks.training_recognition import recognition
from benchmarks.unified import MODEL, SEPARATE, unified
from benchmarks.unified_agreement import agreement
from mien.data import open_dataset
from mien.metrics.bootstrap import bootstrap_interval
from mien.metrics.classification import expected_calibration_error
from mien.models import has_model, load
from mien.tasks.expression import EXPRESSIONS
from mien.tasks.expression import MODEL as EXPRESSION_MODEL
from mien.train.batch import gather
from mien.train.engine import Run
from mien.train.examples import Examples
from mien.train.loss import averaged
from mien.train.recipe import find_recipe
from mien.train.sources.pictures import fitted

DOCUMENT, FIGURES = Path("docs/trained.md"), Path("docs/trained.json")
NETWORKS = ("emotion.fer", EXPRESSION_MODEL)
RECIPE = "expression-fer2013"
_ROUNDS, _UPDATES = 7, 3


def expression(data: Path, runs: Path) -> list[Row]:
    """Score the expression networks on whole pictures of FER2013's validation part, all of them."""
    del runs
    samples = list(open_dataset("fer2013", data / "fer2013").samples("validation"))
    truth = np.array([EXPRESSIONS.index(str(sample.labels["expression"])) for sample in samples])
    rows: list[Row] = []
    for name in filter(has_model, NETWORKS):
        network = load(name)
        size_wh = network.spec.preprocess.size_wh
        crops = np.stack([fitted(s.image().pixels, size_wh, "rgb") for s in samples])
        probabilities = network(crops)["probabilities"]
        right = probabilities.argmax(axis=1) == truth
        rows.append(share(f"{name}: accuracy", right))
        for index, label in enumerate(EXPRESSIONS):
            rows.append(share(f"{name}: labelled {label}, read so", right[truth == index]))
        error = expected_calibration_error(probabilities, truth)
        rows.append({"what": f"{name}: calibration error", "value": error, "n": len(truth)})
    return rows


def loop(data: Path, runs: Path) -> list[Row]:
    """Compare the loop's updates with bare forward and backward runs on one batch, in turn."""
    del data, runs
    recipe = replace(find_recipe(RECIPE), hold_out=0.0, checkpoint_every_s=1e9)
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (1024, 48, 48, 1), dtype=np.uint8)
    examples = Examples(pictures, np.arange(1024) % 7, np.arange(1024).astype(str))
    with tempfile.TemporaryDirectory() as folder:
        fabric = Fabric(accelerator="cpu", devices=1)
        run = Run(recipe, examples, Path(folder), fabric, resume=False)
        batch = gather(examples, np.arange(recipe.batch))

        def bare() -> None:
            averaged(run.learner(batch.inputs, batch.targets)).backward()
            run.learner.zero_grad()

        ratios = np.array([_seconds(bare) / _seconds(run.update) for _ in range(_ROUNDS + 1)])
    rows: list[Row] = []
    for clock, values in zip(("CPU time", "wall clock"), ratios[1:].T, strict=True):
        low, high = bootstrap_interval(values)
        rows.append(
            {
                "what": f"{RECIPE}: speed of the loop over bare forward + backward, {clock}",
                "value": float(values.mean()),
                "n": _ROUNDS,
                "low": low,
                "high": high,
                "note": f"batches of {recipe.batch}, {torch.get_num_threads()} threads; with data, "
                "augmentation, clipping, AdamW and running mean",
            }
        )
    return rows


SECTIONS: dict[str, tuple[str, str, Callable[[Path, Path], list[Row]]]] = {
    "expression": (
        "Expression on FER2013 validation",
        "All pictures of `validation`, whole, at the network's size, without detection; nothing "
        "was chosen on them. Intervals: Wilson.",
        expression,
    ),
    "unified": (
        "The unified model beside the separate networks",
        'Every picture goes through the pipeline once; "separate" is what users get from it '
        "without the unified model, which reads the chip of the same face. UTKFace: the fifth that "
        "nothing was fitted on; YTF: the half of the people likewise, distance of the outer eye "
        "corners; FER2013: all of `validation`, whole pictures. Mean over people or pictures; "
        "intervals: Wilson and bootstrap. The unified model reads each chip and its mirror image "
        "(for the template the chip). Times: the separate networks are "
        + ", ".join(SEPARATE)
        + ", without detection and without cutting crops.",
        lambda data, runs: unified(data),
    ),
    "teachers": (
        "The unified model beside its teachers",
        "Pose, regions, visibility and recognisability have no labels: how near the model comes to "
        "the mesh and the quality score that taught it, on the people of YTF that nothing was "
        "fitted on, a chip alone each; regions at the chip's pixels, interpolated. Intervals: "
        "bootstrap over people.",
        lambda data, runs: agreement(data, load(MODEL)),
    ),
    "ablations": (
        "What the ideas of the unified model are worth",
        f"Runs of {EPOCHS:g} epoch of the recipe, each with one idea changed, on the held-out "
        "tenth that chooses weights; another seed also holds out another tenth. What lies between "
        "the first two is chance. A run of the whole length may rank them otherwise. nme: marked "
        "points, chip alone; LFW: chip and mirror image as above.",
        ablations,
    ),
    "loop": (
        "The training loop",
        "Rounds of the loop's updates and of bare forward and backward runs, in turn; means, "
        "intervals: bootstrap over rounds.",
        loop,
    ),
    "recognition": (
        "The recogniser's map (recognition-groups)",
        "Templates of resnet29.dlib as shipped, and through the learned map; the threshold of each "
        "is that for FMR 1e-3 on all cross-subject pairs of LFW folds 1-3. UTKFace: the fifth of "
        "the chips that nothing was fitted on; all pairs within a group count as non-mated, though "
        "a few chips show one person twice. There is no mated pair of children: what the map costs "
        "them in false non-matches is not known. Intervals: Wilson over pairs, too narrow, since "
        "pairs share pictures.",
        lambda data, runs: recognition(data, runs / RECOGNITION),
    ),
}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of finished runs")
    parser.add_argument("--only", nargs="*", choices=list(SECTIONS))
    arguments = parser.parse_args()
    figures = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    for name in arguments.only or SECTIONS:
        figures[name] = {"rows": SECTIONS[name][2](arguments.data, arguments.runs), **provenance()}
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    DOCUMENT.write_text(document(figures), encoding="utf-8")


def document(figures: dict[str, dict[str, object]]) -> str:
    """Write all sections."""
    parts = ["# Networks that mien trained\n\nWritten by `python -m benchmarks.training`.\n"]
    for name, (title, protocol, _) in SECTIONS.items():
        if name in figures:
            section = figures[name]
            parts.append(f"\n## {title}\n\n{protocol}\n\n{markdown(section['rows'])}")
            parts.append(f"\nMeasured {section['date']} at commit {section['commit']}.\n")
    return "".join(parts)


def _seconds(work: Callable[[], None]) -> np.ndarray:
    """Return CPU and wall-clock seconds: others may take the wall clock's."""
    started = time.process_time(), time.perf_counter()
    for _ in range(_UPDATES):
        work()
    return np.array([time.process_time(), time.perf_counter()]) - started


if __name__ == "__main__":
    main()
