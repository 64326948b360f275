"""Detection beside pycocotools, scikit-learn and the evaluation code of WIDER FACE."""

from __future__ import annotations

import numpy as np
import sklearn.metrics as sk
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.metrics.oracle import Oracle, silent
from mien.metrics.coco import MEDIUM, average_precision_at, coco_scores
from mien.metrics.detection import PictureBoxes
from mien.metrics.wider import wider_ap


def _boxes(rng: np.random.Generator, n: int) -> np.ndarray:
    """Boxes of 8 to 200 px with whole coordinates."""
    low, size = rng.integers(0, 800, (n, 2)), np.round(8 * 25 ** rng.random((n, 2)))
    return np.concatenate([low, low + size], axis=1).astype(np.float64)


def _picture(rng: np.random.Generator, *, ignored: float, crowd: float) -> PictureBoxes:
    """Faces, boxes shaken around most of them, some twice, and boxes on nothing; scores tie."""
    truth = _boxes(rng, int(rng.integers(0, 12)))
    near = np.repeat(truth, rng.integers(0, 3, len(truth)), axis=0)
    side = near[:, 2:] - near[:, :2]
    shaken = np.round(near + rng.normal(0, 0.08, near.shape) * np.tile(side, 2), 1)
    shaken = np.concatenate([shaken, _boxes(rng, int(rng.integers(0, 4)))])
    shaken[:, 2:] = np.maximum(shaken[:, 2:], shaken[:, :2] + 1)
    score = np.round(np.clip(rng.normal(0.6, 0.2, len(shaken)), 0.01, 0.99), 2)
    return PictureBoxes(
        shaken, score, truth, rng.random(len(truth)) < ignored, rng.random(len(truth)) < crowd
    )


_rng = np.random.default_rng(11)
PICTURES = [_picture(_rng, ignored=0, crowd=0.1) for _ in range(80)]
SUBSETS = {
    "easy": [_picture(_rng, ignored=0.6, crowd=0) for _ in range(60)],
    "hard": [_picture(_rng, ignored=0.1, crowd=0) for _ in range(60)],
}


def _xywh(boxes: np.ndarray) -> np.ndarray:
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def _coco(iou: float | None = None) -> COCOeval:
    truth, found = [], []
    for number, picture in enumerate(PICTURES, 1):
        for box, crowd in zip(_xywh(picture.truth_xyxy), picture.is_crowd, strict=True):
            row = {"image_id": number, "category_id": 1, "bbox": box.tolist()}
            truth.append(
                {**row, "id": len(truth) + 1, "area": box[2] * box[3], "iscrowd": int(crowd)}
            )
        for box, score in zip(_xywh(picture.found_xyxy), picture.score, strict=True):
            row = {"image_id": number, "category_id": 1, "bbox": box.tolist()}
            found.append({**row, "score": float(score)})
    with silent():
        known = COCO()
        known.dataset = {
            "info": {},
            "images": [{"id": n} for n in range(1, len(PICTURES) + 1)],
            "categories": [{"id": 1}],
            "annotations": truth,
        }
        known.createIndex()
        judge = COCOeval(known, known.loadRes(found), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return judge


def _coco_medium_at_60() -> float:
    """Precision at IoU 0.6 (the third), all recalls, one class, medium, 100 boxes."""
    return float(_coco().eval["precision"][2, :, 0, 2, 2].mean())


def _ours() -> list[float]:
    s = coco_scores(PICTURES)
    return [s.ap, s.ap50, s.ap75, s.ap_small, s.ap_medium, s.ap_large, s.ar]


def _one_box_a_face() -> tuple[list[PictureBoxes], np.ndarray, np.ndarray]:
    """Every face found once, so that average precision is that of a ranking."""
    rng = np.random.default_rng(3)
    right, score = rng.random(300) < 0.6, rng.random(300)
    boxes = np.array([[0.0, 0, 10, 10]])
    pictures = [
        PictureBoxes(boxes if r else boxes + 50, np.array([s]), boxes if r else np.zeros((0, 4)))
        for r, s in zip(right, score, strict=True)
    ]
    return pictures, right, score


def _interpolated() -> float:
    """Area under the best precision at each recall or a higher one, from scikit-learn's curve."""
    _, right, score = _one_box_a_face()
    precision, recall, _ = sk.precision_recall_curve(right, score)
    best = np.maximum.accumulate(precision)
    return float(-(np.diff(recall) * best[:-1]).sum())


#: Printed by a transcript of evaluation.py of WiderFace-Evaluation (github.com/wondervictor), as it
#: stands in github.com/biubug6/Pytorch_Retinaface at 3c31dcd, on SUBSETS: `image_eval`,
#: `img_pr_info`, `dataset_pr_info` and `voc_ap` line by line, overlaps in float64.
WIDER_CODE = {"easy": 0.309341260920683, "hard": 0.4553202222442401}

ORACLES = [
    Oracle(
        coco_scores,
        "AP, AP50, AP75, small, medium, large, AR",
        _ours,
        lambda: _coco().stats[[0, 1, 2, 3, 4, 5, 8]],
        "pycocotools",
    ),
    Oracle(
        average_precision_at,
        "IoU 0.6, medium faces",
        lambda: average_precision_at(PICTURES, iou=0.6, area=MEDIUM),
        _coco_medium_at_60,
        "pycocotools",
    ),
    *(
        Oracle(
            wider_ap,
            f"{name}: 1,000 steps, faces outside the subset ignored",
            lambda name=name: wider_ap(SUBSETS[name]).ap,
            lambda name=name: WIDER_CODE[name],
            "WIDER FACE evaluation code (Python), transcript",
        )
        for name in SUBSETS
    ),
    Oracle(
        wider_ap,
        "exact, one box a face",
        lambda: wider_ap(_one_box_a_face()[0], exact=True).ap,
        _interpolated,
        "scikit-learn",
    ),
]
