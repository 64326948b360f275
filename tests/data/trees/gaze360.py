"""A frame a split, and one that is unused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io

from tests.data.trees import Break, Expected, removed
from tests.data.trees.simple import build_files

EXPECTED = Expected(
    tuple(f"imgs/rec_000/head/00000{n}/00000{n}.jpg" for n in range(3)),
    {"train": 1, "val": 1, "test": 1},
    # Seen from the camera the gaze goes to the right: to the subject's own left.
    first_labels={"gaze_yaw_deg": 90.0, "gaze_pitch_deg": 0.0, "recording": "rec_000"},
)


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    _write(root)


def _write(root: Path, **other: object) -> None:
    content = {
        "recordings": np.array([["rec_000"]], object),
        "recording": np.zeros((1, 4), int),
        "split": np.arange(4)[None],
        "frame": np.arange(4)[None],
        "person_identity": np.arange(4)[None],
        "gaze_dir": np.array([[-1, 0, 0], [0, 1, 0], [0, 0, -1], [0, 0, -1]], float),
    }
    content = {name: value for name, value in (content | other).items() if value is not None}
    scipy.io.savemat(root / "metadata.mat", content)


def _with(**other: object) -> Break:
    return lambda root: _write(root, **other)


BROKEN = (
    (removed("imgs/rec_000/head/000001/000001.jpg"), "metadata.mat: row 1 is of .*000001.jpg"),
    (_with(gaze_dir=np.zeros((3, 3))), r"expected a variable gaze_dir \(4, 3\)"),
    (_with(split=None), "metadata.mat: has no variable split"),
    (_with(recording=np.ones((1, 4), int)), "metadata.mat: row 0 is of recording 1 of 1"),
)
