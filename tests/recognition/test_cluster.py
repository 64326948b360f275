"""Clusters: known people, every method, constraints, order, nothing and one."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mien
from mien.errors import InputError, ModelError
from mien.metrics.clustering import bcubed, separate
from mien.recognition.calibration import Calibration
from mien.recognition.cluster import METHODS, Clusters, cluster
from mien.recognition.edits import begin, extend, merge, undo
from mien.types import Analysis, Boxes, Faces, Templates
from mien.types.analysis import Failure
from tests.recognition.synthetic import MODEL, people, templates

#: Says 50:50 at a cosine of .8 in equal numbers of mated and non-mated pairs.
TOY = Calibration(MODEL, "logistic", (-8.0, 5.0), -6.0, 9.0, "toy", 100, 100, 0.1)
run = partial(cluster, calibration=TOY)
METHOD = pytest.mark.parametrize("method", METHODS)


def found(made: Templates, method: str = "structure", **options: object) -> Clusters:
    threshold = None if method == "structure" else 0.8
    return run(made, method=method, threshold=threshold, **options).clusters


def same_partition(one: np.ndarray, other: np.ndarray) -> bool:
    pairs = np.unique(np.stack([separate(one), separate(other)]), axis=1)
    return all(len(np.unique(side)) == pairs.shape[1] for side in pairs)


@METHOD
def test_people_are_found(method: str) -> None:
    made, subject = people(12, 7, spread=0.2)
    clusters = found(made, method)
    assert bcubed(clusters.labels, subject).f > 0.97
    assert (np.diff(clusters.sizes) <= 0).all()
    grouped = clusters.labels >= 0
    support = clusters.supporter[grouped]
    assert (support >= 0).all()
    np.testing.assert_array_equal(clusters.labels[support], clusters.labels[grouped])
    assert (clusters.supporter[~grouped] == -1).all()
    assert (clusters.support[~grouped] == 0).all()


@METHOD
@pytest.mark.parametrize("n", [0, 1])
def test_nobody_and_one(method: str, n: int) -> None:
    clusters = found(templates(n), method)
    assert clusters.labels.tolist() == [-1] * n
    assert clusters.sizes.tolist() == []
    assert len(clusters.uncertain) == 0


def analysis(made: Templates | None, n_faces: int | None) -> Analysis:
    faces = None if n_faces is None else Faces.empty((9, 9))
    if n_faces:
        boxes = Boxes(np.tile(np.array([[0, 0, 5, 5]], np.float32), (n_faces, 1)))
        faces = Faces((9, 9), boxes, np.ones(n_faces, np.float32))
    error = Failure("ImageReadError", "broken") if n_faces is None else None
    return Analysis("a.jpg", faces=faces, templates=made, error=error)


@METHOD
def test_analyses_are_clustered_as_their_faces_are(method: str) -> None:
    made, _ = people(3, 8, spread=0.2)
    rows = [np.arange(start, start + 4) for start in range(0, 24, 4)]
    analyses = [analysis(made[some], 4) for some in rows]
    analyses[2:2] = [analysis(None, None), analysis(None, 0)]
    photos = np.repeat(np.arange(6), 4).tolist()
    threshold = None if method == "structure" else 0.8
    grouped = mien.cluster(iter(analyses), calibration=TOY, method=method, threshold=threshold)
    np.testing.assert_array_equal(
        grouped.clusters.labels, found(made, method, photos=photos).labels
    )


@METHOD
def test_no_analysis_with_a_face(method: str) -> None:
    assert len(mien.cluster([analysis(None, 0)], method=method).clusters) == 0


def test_analyses_need_templates() -> None:
    with pytest.raises(InputError, match="the task embed"):
        mien.cluster([analysis(None, 1)])


@METHOD
def test_faces_of_one_photo_are_never_one_person(method: str) -> None:
    made, _ = people(3, 8, spread=0.2)
    photos = [f"{face // 4}.jpg" for face in range(24)]  # four faces a photo, of one person
    labels = found(made, method, photos=photos).labels
    for start in range(0, 24, 4):
        group = labels[start : start + 4]
        assert len(np.unique(separate(group))) == 4


@METHOD
def test_what_a_person_said_holds(method: str) -> None:
    made, _ = people(4, 6, spread=0.2)
    plain = found(made, method).labels
    assert plain[0] == plain[1] != plain[7]
    told = found(made, method, together=[(0, 7)], apart=[(0, 1)])
    labels = told.labels
    assert labels[0] == labels[7] >= 0
    assert labels[0] != labels[1]


def test_contradictions_are_refused() -> None:
    made, _ = people(2, 3)
    with pytest.raises(InputError, match="faces 0 and 1 are to be together"):
        run(made, together=[(0, 1)], apart=[(0, 1)])
    with pytest.raises(InputError, match="stand in one photo"):
        run(made, together=[(0, 2), (2, 1)], photos=["a", "a", "b", "c", "d", "e"])
    with pytest.raises(InputError, match="two different faces of 0 to 5"):
        run(made, apart=[(0, 6)])
    with pytest.raises(InputError, match="photos: got 1"):
        run(made, photos=["a"])
    with pytest.raises(InputError, match="expected one of structure"):
        run(made, method="k-means")


def test_an_unknown_model_needs_a_calibration() -> None:
    with pytest.raises(ModelError):
        cluster(people(2, 3)[0])


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(30)), st.sampled_from(list(METHODS)))
def test_the_order_of_the_faces_does_not_matter(order: list[int], method: str) -> None:
    made, _ = people(6, 5, spread=0.45)
    photos = [f"{face % 11}.jpg" for face in range(30)]
    rows = np.array(order)
    plain = found(made, method, photos=photos)
    shuffled = found(made[rows], method, photos=[photos[row] for row in order])
    assert same_partition(plain.labels[rows], shuffled.labels)
    np.testing.assert_allclose(plain.support[rows], shuffled.support, atol=1e-6)


def test_a_seed_is_kept() -> None:
    made, _ = people(8, 6, spread=0.5)
    one, other = (found(made, "chinese_whispers", seed=3).labels for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_old_groups_stay_as_they_are() -> None:
    made, _ = people(5, 8, spread=0.2)
    old = np.full(40, -1)
    old[:4], old[4:6], old[8:10] = 0, 1, 2  # person 0 was split in two, wrongly or not
    labels = found(made, old=old).labels
    for group in range(3):
        assert len(np.unique(labels[old == group])) == 1
    assert len({labels[0], labels[4], labels[8]}) == 3
    assert labels[6] in (labels[0], labels[4])
    assert (labels[10:16] == labels[8]).all()
    assert len(np.unique(labels[16:24])) == 1


def test_new_photos_extend_an_album() -> None:
    made, subject = people(6, 8, spread=0.2)
    order = np.argsort(np.arange(48) % 8, kind="stable")  # everybody once, then again, ...
    made, subject = made[order], subject[order]
    album = merge(begin(found(made[np.arange(30)]).labels), 0, 1)
    old = np.append(album.labels, np.full(18, -1))
    album = extend(album, found(made, old=old).labels)
    assert album.labels[:30].tolist() == old[:30].tolist()
    for person in range(6):
        assert len(np.unique(album.labels[subject == person])) == 1
    assert undo(undo(album)).log == ()


def test_slices_keep_labels_and_members_are_ranked() -> None:
    clusters = found(people(4, 6, spread=0.3)[0])
    rows = np.array([5, 3, 0])
    some = clusters[rows]
    np.testing.assert_array_equal(some.labels, clusters.labels[rows])
    kept = {5: 0, 3: 1, 0: 2}
    assert some.supporter.tolist() == [kept.get(int(clusters.supporter[r]), -1) for r in rows]
    assert (np.diff(clusters.support[clusters.members(0)]) <= 0).all()
    assert (clusters.support[clusters.uncertain] < 2 * clusters.cut).all()
