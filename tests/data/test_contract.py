"""What every data set promises, on the tiny tree that its module in trees/ writes."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from mien.data.dataset import VerificationDataset, known_datasets, open_dataset
from mien.errors import DatasetError, InputError
from mien.types import Image
from tests.data.trees import Break, tree_of

NAMES = tuple(known_datasets())
BREAKS = [
    pytest.param(name, damage, pattern, id=f"{name}-{number}")
    for name in NAMES
    for number, (damage, pattern) in enumerate(tree_of(name).BROKEN)
]


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def root(name: str, tmp_path: Path) -> Path:
    tree_of(name).build(tmp_path)
    return tmp_path


def test_samples_are_those_of_the_tree(name: str, root: Path) -> None:
    dataset, expected = open_dataset(name, root), tree_of(name).EXPECTED
    samples = list(dataset.samples())
    assert tuple(sample.sample_id for sample in samples) == expected.sample_ids
    assert samples[0].subject_id == expected.first_subject
    assert dict(samples[0].labels) == expected.first_labels


def test_sample_ids_are_unique_and_pictures_decode(name: str, root: Path) -> None:
    samples = list(open_dataset(name, root).samples())
    assert len({sample.sample_id for sample in samples}) == len(samples)
    assert all(isinstance(sample.image(), Image) for sample in samples)


def test_splits_are_parts_and_keep_subjects_apart(name: str, root: Path) -> None:
    dataset = open_dataset(name, root)
    everybody = {sample.sample_id for sample in dataset.samples()}
    parts = {split: list(dataset.samples(split)) for split in dataset.splits}
    assert {split: len(part) for split, part in parts.items()} == dict(
        tree_of(name).EXPECTED.splits
    )
    seen: set[str] = set()
    for part in parts.values():
        assert {sample.sample_id for sample in part} <= everybody
        subjects = {sample.subject_id for sample in part if sample.subject_id is not None}
        assert not subjects & seen
        seen |= subjects


def test_an_unknown_split_is_refused(name: str, root: Path) -> None:
    with pytest.raises(InputError, match="split of"):
        list(open_dataset(name, root).samples("no such split"))


def test_reading_twice_gives_the_same(name: str, root: Path) -> None:
    dataset = open_dataset(name, root)
    first, second = ([sample.sample_id for sample in dataset.samples()] for _ in range(2))
    assert first == second


def test_samples_travel_between_processes(name: str, root: Path) -> None:
    sample = next(open_dataset(name, root).samples())
    again = pickle.loads(pickle.dumps(sample))
    assert (again.sample_id, dict(again.labels)) == (sample.sample_id, dict(sample.labels))


def test_pairs_name_samples(name: str, root: Path) -> None:
    dataset = open_dataset(name, root)
    if not isinstance(dataset, VerificationDataset):
        pytest.skip("no verification protocol")
    pairs = dataset.pairs()
    assert len(pairs)
    assert set(pairs.sample_ids()) <= {sample.sample_id for sample in dataset.samples()}


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        open_dataset(name, tmp_path)


@pytest.mark.parametrize(("name", "damage", "pattern"), BREAKS)
def test_a_damaged_tree_is_refused_by_name_and_place(
    name: str, damage: Break, pattern: str, tmp_path: Path
) -> None:
    tree_of(name).build(tmp_path)
    damage(tmp_path)
    with pytest.raises(DatasetError, match=pattern):
        _read_everything(name, tmp_path)


def _read_everything(name: str, root: Path) -> None:
    dataset = open_dataset(name, root)
    list(dataset.samples())
    if isinstance(dataset, VerificationDataset):
        dataset.pairs()


def test_unknown_data_sets_are_refused_with_the_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="identity-folders"):
        open_dataset("lwf", tmp_path)
