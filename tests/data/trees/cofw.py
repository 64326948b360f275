"""A face in colour to train on, a grey one to test on."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from tests.data.trees import Break, Expected, overwritten

EXPECTED = Expected(("COFW_train_color.mat#0", "COFW_test_color.mat#0"), {"train": 1, "test": 1})


def build(root: Path) -> None:
    _write(root / "COFW_train_color.mat", "Tr", np.full((3, 8, 6), 90, np.uint8))
    _write(root / "COFW_test_color.mat", "T", np.full((8, 6), 90, np.uint8))


def _write(path: Path, end: str, pixels: np.ndarray, points: int = 87, value: float = 1) -> None:
    with h5py.File(path, "w") as file:
        picture = file.create_dataset("#refs#/a", data=pixels)
        file[f"Is{end}"] = np.array([[picture.ref]], h5py.ref_dtype)
        file[f"phis{end}"] = np.full((points, 1), value)
        file[f"bboxes{end}"] = np.ones((4, 1))


def _with(pixels: np.ndarray, **other: float) -> Break:
    return lambda root: _write(root / "COFW_test_color.mat", "T", pixels, **other)


GREY = np.zeros((8, 6), np.uint8)
BROKEN = (
    (overwritten("COFW_test_color.mat", b"x"), "test_color.mat: is no MATLAB 7.3 file"),
    (_with(GREY.astype(float)), "test_color.mat: picture 0 is float64"),
    (_with(GREY, points=86), r"test_color.mat: got phis \(86, 1\)"),
    (_with(GREY, value=float("nan")), "picture 0 has numbers that are not finite"),
    (lambda root: _write(root / "COFW_test_color.mat", "Tr", GREY), "has no variable IsT"),
)
