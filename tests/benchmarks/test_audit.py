"""The published audits: only pictures that nothing was fitted on; near copies are found."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.accuracy.attributes import reported
from benchmarks.audit.near_copies import difference_hashes, near_copies
from benchmarks.audit.sets import SETS, AuditedSet, without
from mien.data import Sample, open_dataset
from mien.evaluate.audit.groups import all_groupings
from mien.evaluate.audit.table import table_of


def test_utkface_is_the_part_to_report_on(data_folder: Path) -> None:
    audited = SETS["utkface"](data_folder)
    assert all(reported(sample.sample_id) for sample in audited.samples)
    assert len(audited.samples) > 2000
    ages, genders, ancestries, both = all_groupings(
        audited.table, ("apparent_age:10,20,40,60", "apparent_gender", "apparent_ancestry")
    )
    assert (len(ages), len(genders), len(ancestries)) == (5, 2, 5)
    assert len(both) + len(both.unobserved) == 50


def test_lfw_and_celeba_are_of_people_nothing_was_fitted_on(data_folder: Path) -> None:
    audited = SETS["lfw"](data_folder)
    pairs = open_dataset("lfw", data_folder / "lfw").pairs()
    fitted = {name.split("/")[0] for name in pairs[pairs.fold < 3].sample_ids()}
    assert not fitted & set(audited.table.subject_id.tolist())
    odd = SETS["celeba"](data_folder).table.subject_id
    assert all(int(subject) % 2 for subject in odd)


@pytest.fixture
def samples(tmp_path: Path, portrait: np.ndarray) -> list[Sample]:
    """The portrait, a darker and a compressed copy, its mirror image, and another picture."""
    bgr = np.ascontiguousarray(portrait[:, :, ::-1])
    pictures = {
        "a.png": bgr,
        "b.png": cv2.convertScaleAbs(bgr, alpha=0.7),
        "c.jpg": bgr,
        "d.png": bgr[:, ::-1],
        "e.png": bgr[::-1],
    }
    for name, pixels in pictures.items():
        cv2.imwrite(str(tmp_path / name), pixels)
    return [Sample(name, tmp_path / name) for name in pictures]


def test_near_copies(samples: list[Sample]) -> None:
    hashes = difference_hashes(samples)
    differing = (hashes[:, None] != hashes[None]).sum(axis=2)
    assert differing[0, 1] <= 4
    assert differing[0, 2] <= 4
    assert differing[0, 3:].min() > 12
    same = np.tile([[0.95, np.sqrt(1 - 0.95**2)]], (5, 1)).astype(np.float32)
    same[1::2, 1] *= -1
    assert near_copies(samples, same * 0.98, 0.7).tolist() == [1, 2]
    assert near_copies(samples, np.zeros((5, 2), np.float32), 0.8).tolist() == []


def test_without(samples: list[Sample]) -> None:
    whole = AuditedSet("some", samples, table_of(samples, name="some"), "largest", "Some.")
    fewer = without(whole, np.array([1, 2]), "copies left out")
    assert [sample.sample_id for sample in fewer.samples] == ["a.png", "d.png", "e.png"]
    assert fewer.table.sample_id.tolist() == ["a.png", "d.png", "e.png"]
