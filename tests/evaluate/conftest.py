"""A small set of pictures of "three people": the astronaut, warps of it, and no face at all."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.data.trees import picture, text

ROWS = (
    "first,second,mated,fold,first_subject,second_subject\n"
    "ada/1.png,ada/2.png,1,0,ada,ada\n"
    "ada/1.png,bea/1.png,0,0,ada,bea\n"
    "ada/2.png,bea/2.png,0,0,ada,bea\n"
    "bea/1.png,bea/2.png,1,0,bea,bea\n"
    "cy/1.png,cy/2.png,1,1,cy,cy\n"
    "cy/1.png,di/1.png,0,1,cy,di\n"
    "cy/2.png,di/1.png,0,1,cy,di\n"
    "di/1.png,di/2.png,1,1,di,di\n"
)


def variant(portrait: np.ndarray, number: int) -> np.ndarray:
    """The portrait stretched and recoloured, another way for each number."""
    stretch = 1 + 0.12 * (number % 4)
    wide = cv2.resize(portrait, None, fx=stretch, fy=1)[:, :512]
    return np.roll(wide, number // 4, axis=2) if number % 2 else wide


@pytest.fixture(scope="session")
def people(portrait: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``ada/1.png`` ... with ``pairs.csv``; ``di/2.png`` shows nobody."""
    root = tmp_path_factory.mktemp("people")
    for number, name in enumerate(("ada", "bea", "cy", "di")):
        for index in (1, 2):
            path = root / name / f"{index}.png"
            path.parent.mkdir(exist_ok=True)
            pixels = variant(portrait, number + 4 * (index - 1))
            cv2.imwrite(str(path), pixels[100:356, 100:400, ::-1][:, : 300 - 8 * index])
    picture(root / "di/2.png", size_wh=(64, 64))
    text(root / "pairs.csv", ROWS)
    return root


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests: what one analysed the others find."""
    return tmp_path_factory.mktemp("cache")
