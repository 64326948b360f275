"""LFW pairs and cross-fitted accuracy, against counting by hand and brute force."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.lfw import Pairs, accuracy_of, cross_fitted, read_pairs


def toy_pairs(n_folds: int = 2, n: int = 4) -> Pairs:
    mated = np.tile(np.repeat([True, False], n), n_folds)
    names = np.array([f"A/A_{i:04d}.jpg" for i in range(len(mated))])
    return Pairs(names, names, mated, np.repeat(np.arange(n_folds), 2 * n))


def test_pairs_are_read_in_folds_of_mated_then_non_mated(tmp_path: Path) -> None:
    (tmp_path / "pairs.txt").write_text(
        "2\t1\nAb_C\t1\t4\nAb_C\t2\tDe\t13\nDe\t1\t2\nDe\t1\tX\t7\n"
    )
    pairs = read_pairs(tmp_path)
    assert list(pairs.left) == [
        "Ab_C/Ab_C_0001.jpg",
        "Ab_C/Ab_C_0002.jpg",
        "De/De_0001.jpg",
        "De/De_0001.jpg",
    ]
    assert list(pairs.right)[1:3] == ["De/De_0013.jpg", "De/De_0002.jpg"]
    assert pairs.mated.tolist() == [True, False, True, False]
    assert pairs.fold.tolist() == [0, 0, 1, 1]
    assert len(pairs.pictures(Path("root"))) == 7


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
    (tmp_path / "pairs.txt").write_text("2\t1\nA\t1\t2\nA\t1\tB\t1\nA\t1\t2\nA\t2\tB\t1\n")
    np.savez(
        tmp_path / "t.npz",
        pictures=["/x/B/B_0001.jpg", "/x/A/A_0002.jpg", "/x/A/A_0001.jpg"],
        found=[True, True, True],
        vectors=np.array([[1, 0], [0, 1], [0, 0.9]], np.float32),
    )
    assert accuracy_of(tmp_path / "t.npz", read_pairs(tmp_path)).mean == 1.0
