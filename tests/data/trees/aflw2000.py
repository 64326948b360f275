"""Two pictures with points and pose."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import scipy.io

from tests.data.trees import Break, Expected, overwritten, picture, removed

YAW_DEG = math.degrees(math.radians(30))
EXPECTED = Expected(
    ("AFLW2000/image1.jpg", "AFLW2000/image2.jpg"),
    first_labels={"yaw_deg": -YAW_DEG, "pitch_deg": 0.0, "roll_deg": 0.0},
)
POSE = np.array([[0, math.radians(30), 0, 1, 2, 3, 0.001]])


def build(root: Path) -> None:
    for name in EXPECTED.sample_ids:
        path = picture(root / name)
        points = np.arange(204.0).reshape(3, 68)
        scipy.io.savemat(path.with_suffix(".mat"), {"pt3d_68": points, "Pose_Para": POSE})


def _with(**content: object) -> Break:
    return lambda root: scipy.io.savemat(root / "AFLW2000/image2.mat", content)


BROKEN = (
    (removed("AFLW2000/image1.jpg"), "image1.mat: there is no image1.jpg"),
    (overwritten("AFLW2000/image2.mat", b"x"), "image2.mat: is no readable MATLAB file"),
    (_with(Pose_Para=POSE), "image2.mat: expected a variable pt3d_68 of 204 numbers"),
    (_with(Pose_Para=POSE, pt3d_68=np.full((3, 68), np.nan)), "image2.mat: .* not finite"),
    (_with(pt3d_68=np.zeros((3, 68)), Pose_Para=["x"]), "image2.mat: .*Pose_Para of 7 numbers"),
)
