"""LFW pairs and cross-fitted accuracy, against counting by hand and brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.lfw import accuracy_of, cross_fitted, read_pairs
from mien.data import Pairs
from tests.data.trees import picture


def toy_pairs(n_folds: int = 2, n: int = 4) -> Pairs:
    mated = np.tile(np.repeat([True, False], n), n_folds)
    names = np.array([f"A/A_{i:04d}.jpg" for i in range(len(mated))])
    return Pairs(names, names, mated, np.repeat(np.arange(n_folds), 2 * n))


def test_an_undetected_pair_is_wrong_and_left_out_of_the_second_number() -> None:
    pairs = toy_pairs()
    usable = np.ones(16, bool)
    usable[0] = False
    result = cross_fitted(pairs.mated.astype(float), usable, pairs, undetected=1)
    assert result.mean == (7 / 8 + 1) / 2
    assert result.of_detected == 1.0
    assert result.n_pairs == 16


def test_the_threshold_comes_from_the_other_folds() -> None:
    pairs = toy_pairs()
    scores = pairs.mated + np.where(pairs.fold == 0, 0.0, 10.0)
    result = cross_fitted(scores, np.ones(16, bool), pairs, undetected=0)
    assert result.mean == 0.5  # each fold is judged by a threshold that is 10 off


def test_saved_templates_are_matched_by_picture_not_by_order(tmp_path: Path) -> None:
    lines = "2\t1\nA\t1\t2\nA\t1\tB\t1\nC\t1\t2\nC\t2\tD\t1\n"
    (tmp_path / "pairs.txt").write_text(lines)
    for name in ("A/A_0001", "A/A_0002", "B/B_0001", "C/C_0001", "C/C_0002", "D/D_0001"):
        picture(tmp_path / f"{name}.jpg")
    np.savez(
        tmp_path / "t.npz",
        pictures=[f"/x/{n[0]}/{n}.jpg" for n in ("D_0001", "B_0001", "A_0002", "A_0001")]
        + ["/x/C/C_0002.jpg", "/x/C/C_0001.jpg"],
        found=[True] * 6,
        vectors=np.array([[1, 0], [1, 0], [0, 1], [0, 0.9], [0, 1], [0, 0.9]], np.float32),
    )
    assert accuracy_of(tmp_path / "t.npz", read_pairs(tmp_path)).mean == 1.0
