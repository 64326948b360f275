"""Segmentation: regions of the face against labelled pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from mien.data import Sample
from mien.data.dataset import ParsingDataset
from mien.errors import DatasetError
from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.result import Figure, Findings, Mistake
from mien.geometry.regions import REGIONS
from mien.metrics.segmentation import Segmentation, segmentation
from mien.types import Analysis
from mien.types.arrays import Array

#: What mien and data sets both know, and what either calls it. The lips leave out the mouth.
SAME: dict[str, frozenset[str]] = {
    "skin": frozenset({"skin", "face_skin", "facial_skin", "face"}),
    "brows": frozenset(
        {"l_brow", "r_brow", "left_brow", "right_brow", "left_eyebrow", "right_eyebrow"}
    ),
    "eyes": frozenset({"l_eye", "r_eye", "left_eye", "right_eye"}),
    "nose": frozenset({"nose"}),
    "lips": frozenset({"u_lip", "l_lip", "upper_lip", "lower_lip"}),
}
_UNSAID = 255
_RESAMPLES = 200
_WORST = 12


def measure(run: Run) -> Findings:
    """Draw the regions of every sample and count pixels."""
    dataset = run.dataset
    if not isinstance(dataset, ParsingDataset):
        raise DatasetError(f"{dataset.name}: does not say what each pixel shows")
    samples = run.samples()
    table = _table(dataset.classes)
    counted = [
        segmentation([maps], n_classes=len(SAME) + 1, ignore=_UNSAID)
        for maps in _maps(dataset, samples, run.read(samples), table)
    ]
    pixels = np.stack([one.pixels for one in counted])
    whole = Segmentation(pixels.sum(axis=0))
    low, high = _interval(pixels, run.seed)
    said = "pixels of all pictures together; a picture without a face shows nothing"
    figures = tuple(
        Figure(f"IoU, {name}", _known(iou), len(samples), _known(a), _known(b), rule=said)
        for name, iou, a, b in zip(SAME, whole.iou[1:], low[1:], high[1:], strict=True)
        if name in _there(dataset.classes)
    )
    f1 = tuple(
        Figure(f"F1, {name}", _known(value), len(samples))
        for name, value in zip(SAME, whole.f1[1:], strict=True)
        if name in _there(dataset.classes)
    )
    return Findings((*figures, *f1), mistakes=_mistakes(samples, counted))


def _there(classes: Sequence[str]) -> set[str]:
    return {name for name, words in SAME.items() if words & set(classes)}


def _table(classes: Sequence[str]) -> Array:
    """Return what each class (256,) is here: 0 other, 1 and on in the order of SAME."""
    table = np.zeros(256, np.int64)
    for index, name in enumerate(classes):
        for number, words in enumerate(SAME.values(), start=1):
            if name in words:
                table[index] = number
    table[_UNSAID] = _UNSAID
    return table


def _maps(
    dataset: ParsingDataset, samples: Sequence[Sample], analyses: Iterator[Analysis], table: Array
) -> Iterator[tuple[Array, Array]]:
    """Yield what is seen and what is labelled (H,W) of each picture."""
    ours = _table(REGIONS)
    for sample, analysis in zip(samples, analyses, strict=True):
        labelled = table[dataset.mask(sample)]
        regions = analysis.image_attributes.get("face_regions")
        if regions is None:
            yield np.zeros_like(labelled), labelled
            continue
        seen = np.asarray(regions.values[0], np.uint8)
        size_wh = (seen.shape[1], seen.shape[0])
        fitted = cv2.resize(labelled.astype(np.uint8), size_wh, interpolation=cv2.INTER_NEAREST)
        yield ours[seen], fitted.astype(np.int64)


def _interval(pixels: Array, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    n = len(pixels)
    drawn = [Segmentation(pixels[rng.integers(0, n, n)].sum(axis=0)).iou for _ in range(_RESAMPLES)]
    low, high = np.nanquantile(np.nan_to_num(np.array(drawn)), [0.025, 0.975], axis=0)
    return low, high


def _mistakes(samples: Sequence[Sample], counted: Sequence[Segmentation]) -> tuple[Mistake, ...]:
    mean = np.array([one.mean_iou for one in counted])
    return tuple(
        Mistake(
            "pictures of the lowest mean IoU",
            f"mean IoU {mean[row]:.2f}",
            float(mean[row]),
            (samples[row].sample_id,),
            () if samples[row].path is None else (str(samples[row].path),),
        )
        for row in np.argsort(mean, kind="stable")[:_WORST]
    )


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


BENCHMARK = register(
    Benchmark(
        name="segmentation",
        title="Regions of the face",
        task="parsing",
        protocol=(
            "Skin, brows, eyes, nose and lips, where the data set has them, pixel by pixel. mien "
            "draws regions from landmarks: its skin ends at the brows' upper mesh, hair does not "
            "cover it. Intervals: bootstrap over pictures."
        ),
        measure=measure,
        tasks=("segment",),
        dataset="celebamask-hq-indexed",
        option="mesh",
        keep=False,
    )
)
