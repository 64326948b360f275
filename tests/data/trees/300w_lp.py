"""A picture and its mirror image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io

from tests.data.trees import Expected, overwritten, picture, removed
from tests.data.trees.aflw2000 import POSE, YAW_DEG

EXPECTED = Expected(
    ("AFW/AFW_1_0.jpg", "AFW_Flip/AFW_1_0.jpg"),
    first_labels={"yaw_deg": -YAW_DEG, "pitch_deg": 0.0, "roll_deg": 0.0},
)


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        path = picture(root / name)
        points = np.arange(136.0).reshape(2, 68)
        scipy.io.savemat(path.with_suffix(".mat"), {"pt2d": points, "Pose_Para": POSE})


BROKEN = (
    (removed("AFW/AFW_1_0.jpg"), "AFW_1_0.mat: there is no AFW_1_0.jpg"),
    (overwritten("AFW_Flip/AFW_1_0.mat", b""), "AFW_1_0.mat: is no readable MATLAB file"),
)
