"""A gallery as an album: faces grouped by person, groups edited, every edit kept and undone.

A group is a subject, a face is a reference: what is grouped and named here is found by search and
identify, encrypted, backed up and erased like everything in a gallery. The rules of the edits are
those of edits.py; here they are made in one transaction each, whatever other processes do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np

from mien.errors import (
    GalleryBusyError,
    GalleryConflictError,
    GalleryNotFoundError,
    InputError,
)
from mien.gallery import Reference, Subject
from mien.gallery.album import Desk
from mien.gallery.edit_log import Change, LoggedEdit
from mien.gallery.sqlite import SqliteGallery
from mien.recognition import edits
from mien.recognition.cluster import Clustering, cluster
from mien.recognition.constraints import Pair
from mien.recognition.edits import Album
from mien.recognition.questions import Question, questions
from mien.types.arrays import IntArray

#: Tries, at least, of what is thrown away because somebody changed the gallery meanwhile.
_TRIES = 3


class Who(TypedDict, total=False):
    """Who edits, why, and what they saw: versions of groups, as ``Group.version`` gives them.

    An edit raises GalleryConflictError when a group is no longer as it was ``seen``.
    """

    actor: str | None
    reason: str | None
    seen: Mapping[int, str] | None


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """Everything in an album at one moment: a row a face, ``labels (N,)`` its subject."""

    references: Sequence[Reference]
    subjects: dict[int, Subject]
    log: Sequence[LoggedEdit]
    state: int

    @property
    def labels(self) -> IntArray:
        """The subject of each face."""
        return np.array([r.subject_id for r in self.references], np.int64)

    @property
    def photos(self) -> list[object]:
        """What tells the photo of each face."""
        return [
            r.reference_id if r.content_sha256 is None else r.content_sha256
            for r in self.references
        ]

    @property
    def groups(self) -> dict[int, list[Reference]]:
        """The faces of each subject that has some, largest group first."""
        found: dict[int, list[Reference]] = {}
        for reference in self.references:
            found.setdefault(reference.subject_id, []).append(reference)
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))

    @property
    def settled(self) -> IntArray:
        """The subject of each face, -1 for those alone and nameless, which may join others."""
        labels = self.labels
        alone = {
            subject_id
            for subject_id, faces in self.groups.items()
            if len(faces) == 1 and not self.subjects[subject_id].is_somebody
        }
        return np.array([-1 if label in alone else label for label in labels.tolist()], np.int64)

    @property
    def apart(self) -> list[Pair]:
        """Rows of faces of which a person said that they are two people."""
        rows = {r.reference_id: row for row, r in enumerate(self.references)}
        found = []
        for edit in self.log:
            if edit.change.pair is None or edit.change.kind not in (
                "split",
                "move",
                "apart",
            ):
                continue
            one, other = (rows.get(number) for number in edit.change.pair)
            if one is None or other is None:
                continue
            if self.references[one].subject_id != self.references[other].subject_id:
                found.append((one, other))
        return found


def read(gallery: SqliteGallery) -> Contents:
    """Return what is in an album; read again when it changes meanwhile."""
    for _ in _attempts(gallery):
        state = gallery.state()
        references, subjects = list(gallery.iterate()), list(gallery.subjects())
        log = gallery.edits()
        if gallery.state() == state:
            known = {s.subject_id: s for s in subjects if s.subject_id is not None}
            return Contents(references, known, log, state)
    raise _busy(gallery)


def group(
    gallery: SqliteGallery,
    *,
    method: str = "structure",
    threshold: float | None = None,
    actor: str | None = None,
    reason: str = "",
) -> int:
    """Group the faces of a gallery; returns how many moved.

    Groups that are there keep their faces and do not merge; faces that are alone and nameless
    join them or each other, but never one they were told apart from, or one of their own photo.
    Raises GalleryBusyError when others change the gallery all the time.
    """
    for _ in _attempts(gallery):
        contents = read(gallery)
        if len(contents.references) < 2:
            return 0
        try:
            owners = _owners(contents, _clustered(gallery, contents, method, threshold))
        except GalleryNotFoundError:
            continue  # erased meanwhile
        with gallery.editing(actor=actor) as desk:
            if desk.state == contents.state:
                return desk.regroup(owners, reason=reason)
    raise _busy(gallery)


def _attempts(gallery: SqliteGallery) -> Iterator[int]:
    """Count tries for as long as the gallery may be waited for, and then a few if they are long."""
    until = time.monotonic() + gallery.wait_s
    number = 0
    while number < _TRIES or time.monotonic() < until:
        yield number
        number += 1


def _busy(gallery: SqliteGallery) -> GalleryBusyError:
    return GalleryBusyError(f"{gallery.folder}: others changed it again and again; try again")


def ask(
    gallery: SqliteGallery,
    *,
    most: int = 10,
    method: str = "structure",
    threshold: float | None = None,
) -> list[tuple[Question, Reference, Reference]]:
    """Return the pairs of groups worth asking about, best first, with a face of each."""
    contents = read(gallery)
    if len(contents.references) < 2:
        return []
    found = _clustered(gallery, contents, method, threshold)
    asked = questions(
        contents.labels,
        found.links,
        found.clusters.cut,
        most=most,
        apart=[*contents.apart, *_met(contents)],
    )
    faces = contents.references
    return [(question, faces[question.left], faces[question.right]) for question in asked]


def merge(gallery: SqliteGallery, into: int, other: int, **who: Unpack[Who]) -> int:
    """Put the faces of one group into another, whose name wins if both have one.

    Returns the number of the edit. Raises InputError when ``other`` has an external id or a
    consent: these cannot be joined.
    """
    return _edit(gallery, lambda desk: _merged(desk, into, other), **who)


def move(
    gallery: SqliteGallery, reference_ids: Sequence[int], into: int, **who: Unpack[Who]
) -> int:
    """Put faces of one group into another one; returns the edit's number.

    All faces of a group: the groups are merged.
    """

    def change(desk: Desk) -> Change:
        owner = _owner(desk, reference_ids, "move")
        if len(set(reference_ids)) == len(desk.members([owner])):
            return _merged(desk, into, owner)
        return _change(
            desk,
            sorted({owner, into}),
            lambda album, faces: edits.move(album, [faces.index(n) for n in reference_ids], into),
        )

    return _edit(gallery, change, **who)


def split(gallery: SqliteGallery, reference_ids: Sequence[int], **who: Unpack[Who]) -> int:
    """Make some, not all, faces of one group a group of their own; returns the edit's number."""

    def change(desk: Desk) -> Change:
        return _change(
            desk,
            [_owner(desk, reference_ids, "split")],
            lambda album, faces: edits.split(album, [faces.index(n) for n in reference_ids]),
        )

    return _edit(gallery, change, **who)


def name(gallery: SqliteGallery, subject_id: int, text: str | None, **who: Unpack[Who]) -> int:
    """Name a group, or take its name away; returns the edit's number.

    Raises InputError for the name of another group: one person is one group.
    """

    def change(desk: Desk) -> Change:
        others = [] if text is None else desk.named(text)
        if any(other.subject_id != subject_id for other in others):
            raise InputError(
                f"name: subject {others[0].subject_id} has this name; merge the two, or tell them "
                "apart by their names"
            )
        return _change(desk, [subject_id], lambda album, _: edits.name(album, subject_id, text))

    return _edit(gallery, change, **who)


def tell_apart(gallery: SqliteGallery, one: int, other: int, **who: Unpack[Who]) -> int:
    """Remember that two groups are two people; returns the edit's number."""

    def change(desk: Desk) -> Change:
        return _change(desk, [one, other], lambda album, _: edits.tell_apart(album, one, other))

    return _edit(gallery, change, **who)


def undo(
    gallery: SqliteGallery,
    *,
    expected: int | None = None,
    actor: str | None = None,
    reason: str = "",
) -> LoggedEdit:
    """Take back the last edit; raises InputError where there is none.

    Faces that were moved again since, by clustering or erasure, stay where they are.
    ``expected``: the number of the edit that is to be taken back; raises GalleryConflictError when
    another one is the last.
    """
    with gallery.editing(actor=actor) as desk:
        last = desk.last_edit()
        if last is None:
            raise InputError("undo: nothing was edited")
        if expected is not None and last.edit_id != expected:
            raise GalleryConflictError(
                f"undo: edit {expected} is not the last one; {last.actor} made edit "
                f"{last.edit_id} ({last.change.kind}) since"
            )
        desk.take_back(last, reason=reason)
    return last


def _edit(
    gallery: SqliteGallery,
    change: Callable[[Desk], Change],
    *,
    actor: str | None = None,
    reason: str | None = None,
    seen: Mapping[int, str] | None = None,
) -> int:
    with gallery.editing(actor=actor) as desk:
        for number, version in ({} if seen is None else seen).items():
            _require_as_seen(desk, number, version)
        return desk.do(change(desk), reason="" if reason is None else reason)


def _require_as_seen(desk: Desk, number: int, version: str) -> None:
    try:
        now = desk.version(number)
    except GalleryNotFoundError:
        now = None
    if now != version:
        raise GalleryConflictError(
            f"group {number}: was changed by somebody else meanwhile; look again, then edit"
        )


def _owner(desk: Desk, reference_ids: Sequence[int], what: str) -> int:
    owners = {desk.owner(number) for number in reference_ids}
    if len(owners) != 1:
        raise InputError(f"{what}: expected some, not all, of the faces of one group")
    return owners.pop()


def _merged(desk: Desk, into: int, other: int) -> Change:
    gone = desk.subject(other)
    if gone.external_id is not None or gone.consent is not None:
        raise InputError(
            f"merge: subject {other} has an external id or a consent of its own; merge the "
            "other one into it"
        )
    return _change(desk, [into, other], lambda album, _: edits.merge(album, into, other))


def _change(desk: Desk, groups: Sequence[int], edit: Callable[[Album, list[int]], Album]) -> Change:
    """Make an edit on the album of these groups only, and say what it changed."""
    rows = desk.members(groups)
    faces = [number for number, _ in rows]
    labels = np.array([subject for _, subject in rows], np.int64)
    names = {group: name for group in groups if (name := desk.subject(group).name) is not None}
    before = Album(labels, names)
    after = edit(before, faces)
    # A number that the album chose for a new group is the store's to give.
    given = {number: number for number in groups}
    for label in np.unique(after.labels).tolist():
        if label not in given:
            given[label] = desk.new_subject()
    moves = tuple(
        (face, int(old), given[int(new)])
        for face, old, new in zip(faces, labels, after.labels, strict=True)
        if old != new
    )
    keys = sorted({*before.names, *after.names})
    renamed = tuple(
        (key, before.names.get(key), after.names.get(key))
        for key in keys
        if before.names.get(key) != after.names.get(key)
    )
    made = after.log[-1]
    pair = (faces[made.faces[0]], faces[made.faces[-1]]) if len(made.faces) > 1 else None
    return Change(made.kind, moves, renamed, pair, tuple(groups))


def _clustered(
    gallery: SqliteGallery, contents: Contents, method: str, threshold: float | None
) -> Clustering:
    templates = gallery.templates([r.reference_id for r in contents.references])
    return cluster(
        templates,
        photos=contents.photos,
        apart=contents.apart,
        old=contents.settled,
        method=method,
        threshold=threshold,
    )


def _owners(contents: Contents, found: Clustering) -> dict[int, int]:
    """Return the subject of every face: the old group's of its cluster, or its first face's."""
    groups: dict[int, list[int]] = {}
    for row, label in enumerate(found.clusters.labels.tolist()):
        if label >= 0:
            groups.setdefault(label, []).append(row)
    owners = {}
    labels, settled = contents.labels.tolist(), contents.settled.tolist()
    for rows in groups.values():
        old = [settled[row] for row in rows if settled[row] >= 0]
        target = old[0] if old else min(labels[row] for row in rows)
        for row in rows:
            owners[contents.references[row].reference_id] = target
    return owners


def _met(contents: Contents) -> Iterable[Pair]:
    """Yield pairs of faces that stand in one photo: they are two people."""
    photos: dict[object, list[int]] = {}
    for row, photo in enumerate(contents.photos):
        photos.setdefault(photo, []).append(row)
    for rows in photos.values():
        yield from ((a, b) for i, a in enumerate(rows) for b in rows[i + 1 :])
