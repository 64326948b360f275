"""The detection benchmark counts rightly: pairs one to one, false boxes, collages that fit."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.detection import Count, Labelled, collages, count, no_faces, paired, turned
from mien.tasks.pipeline import Analyzer
from mien.types import Boxes, Faces, Image


def _faces(*xyxy: tuple[float, float, float, float]) -> Faces:
    boxes = np.asarray(xyxy, np.float32).reshape(-1, 4)
    return Faces((100, 100), Boxes(boxes), np.ones(len(boxes), np.float32))


@pytest.mark.parametrize(
    ("boxes", "middles", "found"),
    [
        ([(0, 0, 10, 10)], [(5, 5)], 1),
        ([(0, 0, 10, 10)], [(15, 5)], 0),
        # One box holds both, the other one of them: each label gets its own.
        ([(0, 0, 30, 30), (0, 0, 10, 10)], [(5, 5), (25, 25)], 2),
        # Two boxes on one face are one find.
        ([(0, 0, 10, 10), (1, 1, 11, 11)], [(5, 5)], 1),
        ([], [(5, 5)], 0),
        ([(0, 0, 10, 10)], [], 0),
    ],
)
def test_labels_and_boxes_are_paired_one_to_one(
    boxes: list[tuple[float, float, float, float]],
    middles: list[tuple[float, float]],
    found: int,
) -> None:
    assert paired(_faces(*boxes), np.asarray(middles, float).reshape(-1, 2)) == found


@pytest.fixture
def portrait_chip(portrait: np.ndarray, tmp_path: Path) -> Path:
    """The astronaut laid as an LFW picture is: 250 px, her face in the middle."""
    chip = cv2.resize(portrait[0:256, 96:352], (250, 250), interpolation=cv2.INTER_AREA)
    path = tmp_path / "chip.png"
    cv2.imwrite(str(path), chip[:, :, ::-1])
    return path


def test_collages_are_counted(portrait_chip: Path) -> None:
    analyzer = Analyzer(("detect",), threads=1)
    total = count(analyzer, collages([portrait_chip], 60, 2))
    assert (total.pictures, total.faces) == (2, 12)
    assert total.found >= 11
    assert total.false == 0
    nothing = count(
        analyzer, iter([Labelled(Image(next(no_faces()).image.pixels), np.zeros((0, 2)))])
    )
    assert nothing[:4] == (0, 0, 0, 1)
    assert Count(1, 1, 0, 1, 0.5) + Count(2, 1, 1, 1, 0.5) == Count(3, 2, 1, 2, 1.0)


@pytest.mark.parametrize("quarters", [0, 1])
def test_turned_pictures_are_counted(portrait_chip: Path, quarters: int) -> None:
    analyzer = Analyzer(("detect",), threads=1, orientation="auto")
    assert turned(analyzer, [portrait_chip], quarters) == (1, 1)
