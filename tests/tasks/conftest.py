"""Several pictures made from the one portrait."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.types import Image


@pytest.fixture(scope="session")
def varied(portrait: np.ndarray) -> list[Image]:
    """The portrait, its mirror, shrunk, darkened, three side by side, and two without a face."""
    small = cv2.resize(portrait, (200, 200), interpolation=cv2.INTER_AREA)
    pictures = [
        portrait,
        np.ascontiguousarray(portrait[:, ::-1]),
        small,
        portrait // 2,
        np.hstack(
            [portrait[:300, 100:400], portrait[:300, 100:400][:, ::-1], portrait[:300, 50:350]]
        ),
        np.full((64, 64, 3), 127, np.uint8),
        portrait[300:, :200].copy(),
    ]
    return [Image(pixels, f"picture {number}") for number, pixels in enumerate(pictures)]
