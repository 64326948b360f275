"""Three pictures, a mated and a non-mated pair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.io

from tests.data.trees import Expected, removed
from tests.data.trees.simple import build_files

FOLDER = "Face_Verification_Test_Set"
EXPECTED = Expected(tuple(f"{FOLDER}/verification_images/{name}.jpg" for name in "abc"))


def build(root: Path) -> None:
    build_files(root, EXPECTED)
    for kind, names in (("positive", ["a.jpg", "b.jpg"]), ("negative", ["a.jpg", "c.jpg"])):
        cells = np.array([names], object)
        path = root / FOLDER / f"{kind}_pairs_names.mat"
        scipy.io.savemat(path, {f"{kind}_pairs_names": cells})


def _one_column(root: Path) -> None:
    scipy.io.savemat(root / FOLDER / "positive_pairs_names.mat", {"positive_pairs_names": [[1]]})


BROKEN = (
    (removed(f"{FOLDER}/verification_images/c.jpg"), "negative_pairs_names.mat: pair 0 names"),
    (removed(f"{FOLDER}/positive_pairs_names.mat"), "positive_pairs_names.mat: no such file"),
    (_one_column, "expected a variable positive_pairs_names of two columns"),
)
