"""How near the unified model comes to what taught it pose, regions, visibility and quality.

Nobody labelled these: the figures say how well it agrees with its teachers on people that neither
was fitted on, not how right either is.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from torch.nn import functional

from benchmarks.accuracy.landmarks import mean_over
from benchmarks.accuracy.rows import Row
from mien.data import open_dataset
from mien.metrics.segmentation import segmentation
from mien.models import Network
from mien.teach.faces import face_chips
from mien.teach.rows import Rows, joined
from mien.train.tasks.pose import angles_from_points
from mien.train.tasks.regions import PARTS
from mien.train.taught import COLUMNS, N_POINTS, UNKNOWN

_BATCH, _PARTS = 64, 32
_OUTPUTS = ("points", "pose", "regions", "recognisability")


def agreement(data: Path, network: Network) -> list[Row]:
    """Return rows on the people of YouTube Faces that nothing was fitted on, a chip alone each."""
    samples = list(open_dataset("ytf68", data / "ytf_keypoints68").samples("report"))
    found = face_chips(samples, source=0, name="agreement", tell=lambda line: None)
    taught = joined(list(found))
    batches = [
        network(taught.inputs[start : start + _BATCH], only=_OUTPUTS)
        for start in range(0, len(taught), _BATCH)
    ]
    said = {name: np.concatenate([batch[name] for batch in batches]) for name in _OUTPUTS}
    who = network.spec.name
    return [
        *_pose(who, said["pose"], taught),
        *_regions(who, said["regions"], taught),
        _visibility(who, said["points"][:, :, 2], taught),
        *_recognisability(who, said["recognisability"], taught),
    ]


def _pose(who: str, angles_deg: np.ndarray, taught: Rows) -> list[Row]:
    wanted = angles_from_points(torch.from_numpy(taught.landmarks[:, N_POINTS:, :2])).numpy()
    gaps = np.abs(angles_deg - wanted)
    return [
        mean_over(
            taught.subjects,
            f"{who}: {name}, mean difference from the mesh's pose",
            gaps[:, axis],
            unit="deg",
        )
        for axis, name in enumerate(("yaw", "pitch", "roll"))
    ]


def _regions(who: str, shares: np.ndarray, taught: Rows) -> list[Row]:
    """Intersection over union with the masks of the mesh, at their pixels."""
    side = taught.masks.shape[1]
    found = np.concatenate([_likeliest(part, side) for part in np.array_split(shares, _PARTS)])
    pairs = zip(found, taught.masks, strict=True)
    counted = segmentation(pairs, n_classes=len(PARTS), ignore=UNKNOWN)
    return [
        {
            "what": f"{who}: region {name}, IoU with the mesh's mask",
            "value": float(value),
            "n": len(found),
        }
        for name, value in zip(PARTS, counted.iou, strict=True)
    ]


def _likeliest(shares: np.ndarray, side: int) -> np.ndarray:
    """Return the likeliest region (N,side,side) of shares (N,7,h,w), interpolated."""
    large = functional.interpolate(torch.from_numpy(shares), (side, side), mode="bilinear")
    return large.argmax(dim=1).numpy()


def _visibility(who: str, visible: np.ndarray, taught: Rows) -> Row:
    seen = taught.landmarks[:, :N_POINTS, 2] >= 0.5
    right = (visible >= 0.5) == seen
    note = f"{100 * (1 - seen.mean()):.1f} % are hidden"
    what = f"{who}: points seen or hidden as the mesh says, share a chip"
    return mean_over(taught.subjects, what, right.mean(axis=1), note=note)


def _recognisability(who: str, values: np.ndarray, taught: Rows) -> list[Row]:
    wanted = taught.targets[:, COLUMNS["recognisability"]][:, 0]
    return [
        mean_over(
            taught.subjects,
            f"{who}: recognisability, mean difference from quality",
            abs(values - wanted),
        ),
        {
            "what": f"{who}: recognisability, Spearman with the quality score",
            "value": float(spearmanr(values, wanted).statistic),
            "n": len(values),
        },
    ]
