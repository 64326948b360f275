"""Average link in rounds: as one join after another, in any order of faces, within constraints."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mien.recognition.average_link import average_link
from mien.recognition.constraints import Constraints
from mien.recognition.links import Links
from tests.recognition.heap_average_link import heap_average_link
from tests.recognition.test_cluster import same_partition

SEEDS = st.integers(0, 10_000)


def sparse_links(n: int, rng: np.random.Generator, k: int = 1000) -> Links:
    """Links between about a third of the pairs, no two alike."""
    left, right = np.triu_indices(n, 1)
    kept = rng.random(len(left)) < 0.35
    strength = rng.random(int(kept.sum())).astype(np.float32)
    return Links(n, k, left[kept], right[kept], strength)


def random_constraints(n: int, rng: np.random.Generator) -> Constraints:
    """Some faces of one photo, some told apart, some joined, some old; only what may be."""
    photos = rng.integers(0, n, n).tolist()
    pairs = [(a, b) for a, b in rng.integers(0, n, (3, 2)).tolist() if a != b]
    apart, told = pairs[:2], [{*pair} for pair in pairs[:2]]
    together = [p for p in pairs[2:] if photos[p[0]] != photos[p[1]] and {*p} not in told]
    old = np.full(n, -1)
    old[rng.choice(n, n // 4, replace=False)] = rng.integers(0, 3, n // 4)
    return Constraints.of(n, photos=photos, together=together, apart=apart, old=old)


@given(st.integers(2, 25), SEEDS, st.floats(0.05, 0.8))
def test_rounds_equal_one_join_after_another(n: int, seed: int, cut: float) -> None:
    rng = np.random.default_rng(seed)
    links, constraints = sparse_links(n, rng), random_constraints(n, rng)
    expected = heap_average_link(links, constraints, cut)
    assert same_partition(average_link(links, constraints, cut), expected)


@given(st.integers(2, 25), SEEDS, st.integers(1, 8))
def test_the_order_of_faces_and_links_does_not_matter(n: int, seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    links, constraints = sparse_links(n, rng, k), random_constraints(n, rng)
    order = rng.permutation(n)
    shuffle = rng.permutation(len(links))
    turned = links.renumbered(np.argsort(order))
    turned = Links(n, k, *(c[shuffle] for c in (turned.left, turned.right, turned.strength)))
    plain = average_link(links, constraints, 0.2)
    assert same_partition(plain[order], average_link(turned, constraints[order], 0.2))


@given(st.integers(2, 25), SEEDS, st.integers(1, 30))
def test_constraints_hold(n: int, seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    constraints = random_constraints(n, rng)
    groups = average_link(sparse_links(n, rng, k), constraints, 0.1)
    marks = constraints.marks()
    for one in range(n):
        for other in range(one):
            if constraints.groups[one] == constraints.groups[other]:
                assert groups[one] == groups[other]
            elif groups[one] == groups[other]:
                # Faces that stood together from the start may share a mark; others may not.
                assert marks[one].isdisjoint(marks[other])


def test_copies_are_one_group() -> None:
    left, right = np.triu_indices(300, 1)
    links = Links(300, 299, left, right, np.ones(len(left), np.float32))
    assert len(np.unique(average_link(links, Constraints.of(300), 0.2))) == 1


def test_of_equals_the_first_are_joined_so_that_few_groups_remain() -> None:
    left, right = np.triu_indices(4, 1)
    links = Links(4, 3, left, right, np.ones(6, np.float32))
    constraints = Constraints.of(4, photos=["a", "b", "two", "two"])
    assert average_link(links, constraints, 0.2).tolist() == [0, 0, 0, 3]


def test_a_person_with_more_pictures_than_anybody_sees_is_found() -> None:
    rng = np.random.default_rng(0)
    k, sizes = 8, np.array([60, 45, 30, 5])
    person = np.repeat(np.arange(4), sizes)
    near = [rng.choice(np.flatnonzero(person == p), k) for p in person]
    pairs = np.array([(i, j) for i, row in enumerate(near) for j in row if i != j])
    pairs = np.unique(np.sort(pairs, axis=1), axis=0)
    strength = rng.uniform(0.7, 1, len(pairs)).astype(np.float32)
    links = Links(len(person), k, pairs[:, 0], pairs[:, 1], strength)
    for cutting in (average_link, heap_average_link):
        assert same_partition(cutting(links, Constraints.of(len(person)), 0.2), person)
