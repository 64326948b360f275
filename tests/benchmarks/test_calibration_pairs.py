"""Pairs, sets and galleries of the recognition benchmarks, against counting by hand."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from benchmarks.accuracy.calibration import diagram
from benchmarks.accuracy.calibration_pairs import joined, sample_pairs
from benchmarks.accuracy.identification import searches
from benchmarks.accuracy.lfw_templates import LfwTemplates
from benchmarks.accuracy.quality_samples import Samples
from benchmarks.accuracy.sets import drawn_sets, lopsided, tracks
from mien.data import Pairs
from mien.metrics.calibration import reliability
from mien.tasks.quality_scores import COMPONENTS

PEOPLE = np.array(["a", "a", "b", "b", "b", "c"])


def toy_samples(n: int = 6) -> Samples:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(n, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Samples(
        picture=np.array([f"{i}.jpg" for i in range(n)]),
        subject=PEOPLE[:n],
        kind=np.array(["none", "dark", "none", "none", "dark", "none"])[:n],
        components=rng.uniform(0, 100, (n, len(COMPONENTS))),
        vectors=vectors,
        norm=np.ones(n),
        detection=np.ones(n),
        inter_eye_px=np.ones(n),
    )


def test_all_pairs_once_with_subjects_quality_and_kind() -> None:
    pairs = sample_pairs(toy_samples())
    assert len(pairs.score) == 15
    assert pairs.mated.sum() == 1 + 3
    assert pairs.n_subjects == 3
    assert (pairs.mated == (pairs.left == pairs.right)).all()
    assert set(pairs.stratum.tolist()) <= {0, 1}
    assert (sample_pairs(toy_samples(), thinned=True).score == pairs.score).all()


def test_joined_sets_share_no_people_and_no_kinds() -> None:
    one = sample_pairs(toy_samples())
    both = joined(one, one)
    assert len(both.score) == 30
    assert both.n_subjects == 6
    assert both.mated.sum() == 8
    assert not set(both.left[:15].tolist()) & set(both.left[15:].tolist())
    assert not set(both.stratum[:15].tolist()) & set(both.stratum[15:].tolist())


def test_sets_are_disjoint_and_of_one_person() -> None:
    people = np.repeat(["a", "b", "c"], [7, 5, 3])
    sets = drawn_sets(people, 2)
    rows = np.concatenate(sets)
    assert len(rows) == len(set(rows.tolist()))
    assert [len(set(people[s])) for s in sets] == [1] * len(sets)
    assert [people[s[0]] for s in sets] == ["a"] * 3 + ["b"] * 2  # c has too few for two sets
    assert drawn_sets(people, 10) == []


def test_the_worst_picture_is_repeated() -> None:
    made = lopsided(np.array([3, 1]), np.array([0.0, 5, 0, 9]))
    assert made.tolist() == [3, 1] + 19 * [1]


def test_tracks_are_the_videos_of_people_with_two() -> None:
    names = np.array(["p/A_B_00.jpg", "p/A_B_01.jpg", "p/A_B_10.jpg", "p/C_00.jpg"])
    assert [t.tolist() for t in tracks(names)] == [[0, 1], [2]]


def test_searches_know_who_is_inside() -> None:
    names = np.array([f"{person}/{person}_{i}.jpg" for person in "abcdef" for i in range(2)])
    person = np.repeat(np.arange(6), 2)
    vectors = np.eye(6, dtype=np.float32)[person]
    pairs = Pairs(names, names, np.ones(12, bool), np.zeros(12, int))
    toy = LfwTemplates(vectors, np.ones(12, bool), names, pairs, "toy@1")
    scores, owner = searches(toy, (1,), 4, np.random.default_rng(0))
    assert scores.shape == (6, 4)
    assert sorted(owner.tolist()) == [-1, -1, 0, 1, 2, 3]
    for row, column in zip(scores, owner, strict=True):
        assert row.max() == (column >= 0)
        if column >= 0:
            assert row.argmax() == column


def test_the_diagram_is_xml_with_a_dot_a_bin() -> None:
    found = reliability(np.array([0.05, 0.95]), np.array([False, True]))
    root = ElementTree.fromstring(diagram({"one": found, "two": found}))
    dots = [item for item in root.iter() if item.tag.endswith("circle")]
    assert len(dots) == 2 * 2
