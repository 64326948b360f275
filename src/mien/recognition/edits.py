"""Clusters that a person works on: merge, split, move, name, tell apart, undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from mien.errors import InputError
from mien.metrics.clustering import separate
from mien.recognition.constraints import Pair
from mien.types.arrays import IntArray, checked


@dataclass(frozen=True, slots=True)
class Edit:
    """One step: what was done to which faces, and where those and the names were before."""

    kind: Literal["merge", "split", "move", "name", "apart", "extend"]
    faces: tuple[int, ...]
    before: tuple[int, ...] = ()
    names_before: Mapping[int, str] = field(default_factory=dict)
    text: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Album:
    """``labels (N,) int64``: the group of each face, also of one alone; ``names`` of groups.

    ``log``: every edit, the last one last; numbers of groups are never used again for others.
    """

    labels: IntArray
    names: Mapping[int, str] = field(default_factory=dict)
    log: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        """Check the labels and freeze the names."""
        labels = checked("Album.labels", self.labels, ("N",), dtype=np.int64)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "names", MappingProxyType(dict(self.names)))

    def members(self, group: int) -> IntArray:
        """Return the faces of a group; raises InputError where there is none."""
        rows = np.flatnonzero(self.labels == group)
        if not len(rows):
            raise InputError(f"group {group}: nobody is in it")
        return rows

    @property
    def together(self) -> tuple[Pair, ...]:
        """Pairs of faces that merges joined, as constraints for clustering anew."""
        return tuple((e.faces[0], e.faces[-1]) for e in self.log if e.kind == "merge")

    @property
    def apart(self) -> tuple[Pair, ...]:
        """Pairs of faces that were told apart, as constraints for clustering anew."""
        kinds = ("split", "move", "apart")
        pairs = [(e.faces[0], e.faces[-1]) for e in self.log if e.kind in kinds]
        return tuple(p for p in pairs if self.labels[p[0]] != self.labels[p[1]])


def begin(labels: IntArray) -> Album:
    """Return an album of clusters (N,), -1 for faces alone."""
    return Album(separate(labels))


def merge(album: Album, into: int, group: int) -> Album:
    """Return the album with ``group`` put into ``into``, whose name wins if both have one."""
    if into == group:
        raise InputError(f"merge: got group {group} twice, expected two groups")
    # The face of ``into`` stands last: it stays where it is.
    anchor, moved = album.members(into)[:1], album.members(group)
    names = {key: name for key, name in album.names.items() if key != group}
    if group in album.names:
        names.setdefault(into, album.names[group])
    return _moved(album, "merge", np.append(moved, anchor), into, names)


def split(album: Album, faces: Sequence[int]) -> Album:
    """Return the album with some faces of one group as a group of their own, without a name."""
    rows, rest = _some_of_one(album, faces, "split")
    used = [album.labels.max(), *(max(edit.before, default=-1) for edit in album.log)]
    return _moved(album, "split", np.append(rows, rest[0]), max(used) + 1, album.names)


def move(album: Album, faces: Sequence[int], into: int) -> Album:
    """Return the album with some faces of one group put into another one."""
    rows, rest = _some_of_one(album, faces, "move")
    if into == album.labels[rows[0]]:
        raise InputError(f"move: the faces are in group {into} already, expected another group")
    return _moved(album, "move", np.append(rows, rest[0]), into, album.names)


def name(album: Album, group: int, text: str | None) -> Album:
    """Return the album with a group's name set, or taken away by ``None``."""
    first = int(album.members(group)[0])
    names = {key: known for key, known in album.names.items() if key != group}
    if text is not None:
        names[group] = text
    edit = Edit("name", (first,), (group,), dict(album.names), text)
    return replace(album, names=names, log=(*album.log, edit))


def tell_apart(album: Album, group: int, other: int) -> Album:
    """Return the album that remembers that two groups are two people."""
    if group == other:
        raise InputError(f"tell_apart: got group {group} twice, expected two groups")
    faces = (int(album.members(group)[0]), int(album.members(other)[0]))
    edit = Edit("apart", faces, (group, other), dict(album.names))
    return replace(album, log=(*album.log, edit))


def extend(album: Album, labels: IntArray) -> Album:
    """Return the album with further faces, from clusters (M,) of old and new faces together.

    ``labels`` as ``cluster(..., old=album.labels)`` gives them: old faces, which stand first, keep
    their groups; a new face gets the group of the old faces it is with, or a new one.
    Raises InputError where old faces of one group were put apart, or of two groups together.
    """
    found = separate(labels)
    n = len(album.labels)
    pairs = np.unique(np.stack([found[:n], album.labels]), axis=1)
    if len(found) < n or any(len(np.unique(side)) < len(side) for side in pairs):
        raise InputError("extend: expected clusters that leave the old groups as they are")
    known = dict(pairs.T.tolist())
    used = [album.labels.max(initial=-1), *(max(e.before, default=-1) for e in album.log)]
    free = max(used) + 1
    for group in np.unique(found[n:]).tolist():
        if group not in known:
            known[group], free = free, free + 1
    made = np.array([known[group] for group in found.tolist()], np.int64)
    edit = Edit("extend", (n, len(found)), (), dict(album.names))
    return replace(album, labels=made, log=(*album.log, edit))


def undo(album: Album) -> Album:
    """Return the album without its last edit; raises InputError where there is none."""
    if not album.log:
        raise InputError("undo: nothing was edited")
    last = album.log[-1]
    labels = album.labels.copy()
    if last.kind == "extend":
        labels = labels[: last.faces[0]]
    elif last.kind in ("merge", "split", "move"):
        labels[list(last.faces)] = last.before
    return Album(labels, last.names_before, album.log[:-1])


def _some_of_one(album: Album, faces: Sequence[int], what: str) -> tuple[IntArray, IntArray]:
    """Return the rows of some, not all, faces of one group, and the group's other rows."""
    rows = np.unique(checked("faces", faces, ("N",), dtype=np.int64))
    if not len(rows) or rows[0] < 0 or rows[-1] >= len(album.labels):
        raise InputError(f"{what}: got faces {list(faces)}, expected some of the album's")
    groups = np.unique(album.labels[rows])
    rest = np.setdiff1d(album.members(int(groups[0])), rows)
    if len(groups) > 1 or not len(rest):
        raise InputError(f"{what}: expected some, not all, of the faces of one group")
    return rows, rest


def _moved(
    album: Album,
    kind: Literal["merge", "split", "move"],
    faces: IntArray,
    target: int,
    names: Mapping[int, str],
) -> Album:
    """Put all faces but the last, which only stands for the other side, into a group."""
    labels = album.labels.copy()
    labels[faces[:-1]] = target
    before = tuple(album.labels[faces].tolist())
    edit = Edit(kind, tuple(faces.tolist()), before, dict(album.names))
    return Album(labels, names, (*album.log, edit))
