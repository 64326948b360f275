"""Faces of "eight people": the astronaut, stretched and recoloured, three pictures each."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mien.data import open_dataset
from mien.evaluate.explanations.cut_faces import TASKS, CutFaces, Embed, cut_faces, unit_embedder
from mien.evaluate.readings import Readings
from mien.models import load
from mien.tasks.pipeline import Analyzer

#: Nobody here is another person to the recogniser: "people" are told apart at this score alone.
THRESHOLD = 0.985


@pytest.fixture(scope="session")
def crowd(portrait: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``p0/0.png`` ...: a person is a stretch and a colour, a picture of it a light."""
    root = tmp_path_factory.mktemp("crowd")
    for person in range(8):
        wide = cv2.resize(portrait, None, fx=1 + 0.06 * (person % 4), fy=1 + 0.06 * (person // 4))
        coloured = np.roll(wide, person % 3, axis=2)
        for index in range(3):
            path = root / f"p{person}" / f"{index}.png"
            path.parent.mkdir(exist_ok=True)
            lit = cv2.convertScaleAbs(coloured, alpha=0.8 + 0.2 * index, beta=10 * index)
            cv2.imwrite(str(path), lit[30:380, 100:430, ::-1])
    return root


@pytest.fixture(scope="session")
def embed() -> Embed:
    return unit_embedder(load("resnet29.dlib"))


@pytest.fixture(scope="session")
def faces(crowd: Path) -> CutFaces:
    samples = list(open_dataset("identity-folders", crowd).samples())
    return cut_faces(samples, Readings(Analyzer(TASKS, mirror=False)), choose="largest")
