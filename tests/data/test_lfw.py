"""LFW beyond the contract: views, folds, people, and the real files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.data import open_dataset
from mien.data.lfw import Lfw
from mien.errors import DatasetError
from tests.data.trees import lfw as tree
from tests.data.trees import text


@pytest.fixture
def lfw(tmp_path: Path) -> Lfw:
    tree.build(tmp_path)
    return Lfw(tmp_path)


def test_view_2_counts_its_folds_and_kinds(lfw: Lfw) -> None:
    pairs = lfw.pairs()
    assert pairs.first.tolist() == [f"{n}.jpg" for n in ("Ada_A/Ada_A_0001",) * 2] + [
        "Cy/Cy_0001.jpg",
        "Cy/Cy_0002.jpg",
    ]
    assert pairs.second.tolist()[1::2] == ["Bea/Bea_0002.jpg", "Di/Di_0001.jpg"]
    assert pairs.mated.tolist() == [True, False, True, False]
    assert pairs.fold.tolist() == [0, 0, 1, 1]


def test_view_1_is_one_fold_a_split(lfw: Lfw) -> None:
    pairs = lfw.pairs("dev-test")
    assert pairs.mated.tolist() == [True, False]
    assert set(pairs.fold.tolist()) == {0}


def test_people_have_folds(lfw: Lfw) -> None:
    assert dict(lfw.people()) == {"Ada_A": 0, "Bea": 0, "Cy": 1, "Di": 1}


@pytest.mark.parametrize(
    ("lines", "pattern"),
    [
        ("2\n1\nAda_A\t2\n1\nAda_A\t2\n", r"people.txt:5: Ada_A is already in fold 1"),
        ("1\n2\nAda_A\t2\nBea\n", r"people.txt:4: got 'Bea', expected a name and a count"),
        ("2\n1\nAda_A\t2\nBea\t1\n", r"people.txt:4: expected the number of people"),
    ],
)
def test_broken_lists_of_people_are_refused(lfw: Lfw, lines: str, pattern: str) -> None:
    text(lfw.root / "people.txt", lines)
    with pytest.raises(DatasetError, match=pattern):
        lfw.people()


def test_pictures_may_lie_in_the_folder_of_an_archive(tmp_path: Path) -> None:
    tree.build(tmp_path / "lfw-deepfunneled")
    text(tmp_path / "pairs.txt", tree.PAIRS)
    lfw = open_dataset("lfw", tmp_path)
    assert [sample.sample_id for sample in lfw.samples()] == list(tree.EXPECTED.sample_ids)


def test_the_real_files(data_folder: Path) -> None:
    lfw = Lfw(data_folder / "lfw")
    lfw.check()
    pairs = lfw.pairs()
    assert np.bincount(pairs.fold).tolist() == [600] * 5
    assert np.bincount(pairs.fold[pairs.mated]).tolist() == [300] * 5
    assert sum(1 for _ in lfw.samples()) == 3811
