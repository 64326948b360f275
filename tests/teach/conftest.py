"""A folder of faces with a table of labels: the portrait, stretched, recoloured and lit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs mien[train]")
pytest.importorskip("lightning_fabric", reason="needs mien[train]")

HEADER = "path,subject_id,apparent_age,apparent_gender,apparent_ancestry,expression\n"


@pytest.fixture(scope="session")
def variant(portrait: np.ndarray) -> Callable[[int, int], np.ndarray]:
    """A person is a stretch and a colour, a picture of it a light; (350,330,3) uint8 RGB."""

    def make(person: int, picture: int) -> np.ndarray:
        stretch = {"fx": 1 + 0.05 * (person % 4), "fy": 1 + 0.05 * (person // 4 % 3)}
        wide = np.roll(cv2.resize(portrait, None, **stretch), person % 3, axis=2)
        lit = cv2.convertScaleAbs(wide, alpha=0.85 + 0.15 * picture, beta=8 * picture)
        return np.ascontiguousarray(lit[30:380, 100:430])

    return make


@pytest.fixture
def faces(tmp_path: Path, variant: Callable[[int, int], np.ndarray]) -> Path:
    """``mine/labels.csv``: each of four rows says something else; ``none.png`` shows nobody."""
    root = tmp_path / "mine"
    root.mkdir()
    for person in range(3):
        cv2.imwrite(str(root / f"{person}.png"), variant(person, 0)[:, :, ::-1])
    cv2.imwrite(str(root / "none.png"), np.full((80, 80, 3), 90, np.uint8))
    rows = "0.png,ada,31,,,happy\n1.png,,,female,,\n2.png,,,,indian,\nnone.png,,60,male,,sad\n"
    (root / "labels.csv").write_text(HEADER + rows)
    return root
