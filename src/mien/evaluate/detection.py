"""Detection: labelled boxes found, boxes where no face is, average precision."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mien.data import Sample
from mien.errors import DatasetError
from mien.evaluate.benchmark import Benchmark, Run, register
from mien.evaluate.result import Curve, Figure, Findings, Mistake
from mien.metrics.coco import coco_scores
from mien.metrics.detection import PictureBoxes, assigned, by_score, overlaps
from mien.metrics.share import share_estimate
from mien.metrics.wider import wider_ap
from mien.types import Analysis
from mien.types.arrays import Array

IOU = 0.5
_RESAMPLES = 200
_WORST = 12


def measure(run: Run) -> Findings:
    """Detect faces in every picture with labelled boxes, and assign them one to one."""
    samples = [sample for sample in run.samples() if sample.boxes is not None]
    if not samples:
        raise DatasetError(f"{run.dataset.name}: labels no boxes")
    pictures = [
        _boxes(sample, analysis)
        for sample, analysis in zip(samples, run.read(samples), strict=True)
    ]
    hits, false = zip(*(_assigned(picture) for picture in pictures), strict=True)
    found = np.concatenate(hits)
    picture_of = np.repeat(np.arange(len(pictures)), [len(h) for h in hits])
    curve = wider_ap(pictures, iou=IOU, exact=True)
    coco = coco_scores(pictures)
    low, high = _interval(pictures, run.seed)
    rule = (
        f"right iff IoU >= {IOU:g}, each label once; faces marked to be ignored count neither way"
    )
    share = share_estimate(found, left=picture_of, seed=run.seed)
    n = len(pictures)
    said = f"{rule}; interval: bootstrap over pictures"
    figures = (
        Figure.of("labelled faces found", share, rule=f"at the detector's own threshold; {rule}"),
        Figure("false boxes a picture", sum(false) / n, n, rule=f"{sum(false)} boxes in all"),
        Figure("average precision, IoU 0.5", _known(curve.ap), len(found), low, high, rule=said),
        Figure("COCO average precision, IoU 0.5 to 0.95", _known(coco.ap), len(found), rule=rule),
    )
    line = tuple(float(v) for v in curve.recall), tuple(float(v) for v in curve.precision)
    curves = (Curve("precision", "roc", *line, "recall", "precision"),)
    return Findings(figures, curves, _mistakes(samples, hits, false))


def _boxes(sample: Sample, analysis: Analysis) -> PictureBoxes:
    assert sample.boxes is not None
    faces = analysis.found
    return PictureBoxes(
        faces.boxes.xyxy, faces.detection_score, sample.boxes.xyxy, ignored=sample.ignored
    )


def _assigned(picture: PictureBoxes) -> tuple[Array, int]:
    """Return which labels that count (G,) were found, and how many boxes are false."""
    order = by_score(picture)
    iou = overlaps(picture.found_xyxy[order], picture.truth_xyxy, crowd=picture.is_crowd)
    truth = assigned(iou, picture.is_ignored, picture.is_crowd, at_least=IOU)
    hit = np.isin(np.arange(len(picture.truth_xyxy)), truth[truth >= 0])
    return hit[~picture.is_ignored], int((truth < 0).sum())


def _interval(pictures: Sequence[PictureBoxes], seed: int) -> tuple[float | None, float | None]:
    rng = np.random.default_rng(seed)
    n = len(pictures)
    values = [
        wider_ap([pictures[i] for i in rng.integers(0, n, n)], iou=IOU, exact=True).ap
        for _ in range(_RESAMPLES)
    ]
    known = np.array(values)[~np.isnan(values)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _mistakes(
    samples: Sequence[Sample], hits: Sequence[Array], false: Sequence[int]
) -> tuple[Mistake, ...]:
    wrong = [int((~hit).sum()) + extra for hit, extra in zip(hits, false, strict=True)]
    worst = sorted(range(len(samples)), key=lambda row: -wrong[row])[:_WORST]
    return tuple(
        Mistake(
            "pictures with the most missed faces and false boxes",
            f"{int((~hits[row]).sum())} of {len(hits[row])} faces missed, {false[row]} false boxes",
            float(wrong[row]),
            (samples[row].sample_id,),
            () if samples[row].path is None else (str(samples[row].path),),
        )
        for row in worst
        if wrong[row]
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


BENCHMARK = register(
    Benchmark(
        name="detection",
        title="Detection",
        task="detection",
        protocol=(
            "Every picture with labelled boxes. Found boxes and labels are assigned one to one by "
            "falling score. Boxes of data sets differ in what they hold (forehead, ears, chin): "
            "figures of different sets do not compare."
        ),
        measure=measure,
        tasks=("detect",),
        option="detector",
    )
)
