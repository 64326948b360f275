"""What every data set promises, on the tiny tree that its module in trees/ writes."""

from __future__ import annotations

import contextlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from mien.data.dataset import (
    ParsingDataset,
    TemplateDataset,
    VerificationDataset,
    known_datasets,
    open_dataset,
)
from mien.data.sample import VIDEO_SUFFIXES, Sample
from mien.errors import DatasetError, InputError
from mien.types import Image
from tests.data.trees import Break, tree_of

NAMES = tuple(known_datasets())
BREAKS = [
    pytest.param(name, damage, pattern, id=f"{name}-{number}")
    for name in NAMES
    for number, (damage, pattern) in enumerate(tree_of(name).BROKEN)
]


def _with(attribute: str) -> list[str]:
    return [name for name, dataset in known_datasets().items() if hasattr(dataset, attribute)]


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
    assert all(isinstance(one.image(), Image) for one in samples if not one.is_video)
    for sample in samples:
        if sample.is_video:
            with pytest.raises(InputError, match="is a video"):
                sample.image()


def test_splits_are_parts_and_keep_subjects_apart(name: str, root: Path) -> None:
    dataset = open_dataset(name, root)
    everybody = {sample.sample_id for sample in dataset.samples()}
    parts = {split: list(dataset.samples(split)) for split in dataset.splits}
    assert {split: len(part) for split, part in parts.items()} == dict(
        tree_of(name).EXPECTED.splits
    )
    seen: set[str] = set()
    unions = getattr(dataset, "unions", {})
    for split, part in parts.items():
        assert {sample.sample_id for sample in part} <= everybody
        if split in unions:
            continue
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


@pytest.mark.parametrize("name", _with("gives"))
def test_it_gives_what_it_says(name: str, root: Path) -> None:
    dataset = open_dataset(name, root)
    given = set().union(*(_given(sample) for sample in dataset.samples()))
    given |= {"pairs"} if isinstance(dataset, VerificationDataset) else set()
    given |= {"templates"} if isinstance(dataset, TemplateDataset) else set()
    given |= {"mask"} if isinstance(dataset, ParsingDataset) else set()
    stated = type(dataset).gives  # type: ignore[attr-defined]
    exact = {entry for entry in stated if " " not in entry}
    assert exact <= given
    assert given == exact or exact != set(stated)


def _given(sample: Sample) -> set[str]:
    given = set(sample.labels) | ({"video"} if sample.is_video else set())
    given |= set() if sample.landmarks is None else {sample.landmarks.schema}
    columns = ("subject_id", "boxes", "ignored", "frame")
    return given | {name for name in columns if getattr(sample, name) is not None}


@pytest.mark.parametrize("name", _with("mask"))
def test_masks_cover_every_picture(name: str, root: Path) -> None:
    dataset = open_dataset(name, root)
    assert isinstance(dataset, ParsingDataset)
    for sample in dataset.samples():
        mask = dataset.mask(sample)
        assert (mask.dtype, mask.ndim) == (np.uint8, 2)
        assert mask[mask != 255].max() < len(dataset.classes)


@pytest.mark.parametrize("name", _with("template_pairs"))
def test_templates_consist_of_samples(name: str, root: Path) -> None:
    dataset = open_dataset(name, root)
    assert isinstance(dataset, TemplateDataset)
    members, pairs, searches = dataset.members(), dataset.template_pairs(), dataset.searches()
    assert set(members.sample_id) <= {sample.sample_id for sample in dataset.samples()}
    lists = [*searches.galleries.values(), searches.probes]
    named = [pairs.first, pairs.second, *(one.template_id for one in lists)]
    assert set(np.concatenate(named)) <= set(members.template_id)
    assert len(pairs)


@pytest.mark.parametrize("name", _with("pairs"))
def test_pairs_name_samples(name: str, root: Path) -> None:
    dataset = open_dataset(name, root)
    assert isinstance(dataset, VerificationDataset)
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


@pytest.mark.parametrize("name", NAMES)
def test_cut_and_overwritten_files_never_end_in_a_raw_error(name: str, tmp_path: Path) -> None:
    tree_of(name).build(tmp_path)
    pictures = {".jpg", ".png", ".pgm", *VIDEO_SUFFIXES}
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    for path in sorted(one for one in files if one.suffix.lower() not in pictures)[:6]:
        whole = path.read_bytes()
        damaged = [whole[: len(whole) * part // 8] for part in range(8)]
        damaged += [whole + b"\0\xff", whole[::-1], whole.replace(b"1", b"\xff"), b",\n" * 9]
        damaged += [whole.replace(b"1", b"-9"), whole.replace(b"0", b"x"), whole.replace(b" ", b"")]
        for content in damaged:
            path.write_bytes(content)
            with contextlib.suppress(DatasetError):
                _read_everything(name, tmp_path)
        path.write_bytes(whole)


def _read_everything(name: str, root: Path) -> None:
    dataset = open_dataset(name, root)
    list(dataset.samples())
    if isinstance(dataset, VerificationDataset):
        dataset.pairs()
    if isinstance(dataset, TemplateDataset):
        dataset.template_pairs(), dataset.searches()
    if isinstance(dataset, ParsingDataset):
        [dataset.mask(sample) for sample in dataset.samples()]


def test_unknown_data_sets_are_refused_with_the_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="identity-folders"):
        open_dataset("lwf", tmp_path)
