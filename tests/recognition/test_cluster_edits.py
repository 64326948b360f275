"""Albums: every edit is taken back exactly, and old faces stay when new ones come."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.recognition.edits import Album, begin, extend, merge, name, split, tell_apart, undo

START = begin(np.array([0, 0, 0, 1, 1, -1]))


def state(album: Album) -> tuple[list[int], dict[int, str]]:
    return album.labels.tolist(), dict(album.names)


def test_merge_split_and_name() -> None:
    assert START.labels.tolist() == [0, 0, 0, 1, 1, 2]
    named = name(name(START, 1, "Ada"), 0, "Grace")
    merged = merge(named, 0, 1)
    assert state(merged) == ([0, 0, 0, 0, 0, 2], {0: "Grace"})
    assert state(merge(named, 2, 1)) == ([0, 0, 0, 2, 2, 2], {0: "Grace", 2: "Ada"})
    parted = split(named, [2, 0])
    assert state(parted) == ([3, 0, 3, 1, 1, 2], {1: "Ada", 0: "Grace"})
    assert merged.together == ((3, 0),)
    assert parted.apart == ((0, 1),)
    assert tell_apart(START, 0, 1).apart == ((0, 3),)
    assert name(named, 1, None).names == {0: "Grace"}
    assert START.log == ()


def test_new_faces_join_old_groups_or_make_new_ones() -> None:
    made = extend(START, np.array([7, 7, 7, 0, 0, -1, 0, 5, 5, -1]))
    assert made.labels.tolist() == [0, 0, 0, 1, 1, 2, 1, 3, 3, 4]
    assert state(undo(made)) == state(START)
    with pytest.raises(InputError, match="leave the old groups"):
        extend(START, np.array([0, 0, 1, 1, 1, -1, -1]))
    with pytest.raises(InputError, match="leave the old groups"):
        extend(START, np.array([0, 0, 0, 0, 0, -1, -1]))


def edited(album: Album, kind: str, a: int, b: int) -> Album:
    n, groups = len(album.labels), np.unique(album.labels).tolist()
    one, other = groups[a % len(groups)], groups[b % len(groups)]
    if kind == "m":
        return merge(album, one, other)
    if kind == "s":
        return split(album, [a % n, b % n])
    if kind == "n":
        return name(album, one, str(b))
    if kind == "a":
        return tell_apart(album, one, other)
    return extend(album, np.append(album.labels, [one, -1]))


@given(st.lists(st.tuples(st.sampled_from("msnae"), st.integers(0, 9), st.integers(0, 9))))
def test_undo_takes_back_every_edit(steps: list[tuple[str, int, int]]) -> None:
    album, before = START, []
    for kind, a, b in steps:
        try:
            after = edited(album, kind, a, b)
        except InputError:
            continue
        before.append(state(album))
        album = after
    while before:
        album = undo(album)
        assert state(album) == before.pop()
    assert album.log == ()


def test_impossible_edits_are_refused() -> None:
    for call, words in (
        (lambda: merge(START, 0, 0), "twice"),
        (lambda: merge(START, 0, 9), "nobody is in it"),
        (lambda: split(START, [0, 3]), "faces of one group"),
        (lambda: split(START, [3, 4]), "some, not all"),
        (lambda: split(START, [77]), "some of the album"),
        (lambda: tell_apart(START, 1, 1), "twice"),
        (lambda: undo(START), "nothing was edited"),
    ):
        with pytest.raises(InputError, match=words):
            call()


def test_an_empty_album() -> None:
    empty = begin(np.zeros(0, np.int64))
    assert extend(empty, np.array([0, 0, -1])).labels.tolist() == [0, 0, 1]
