"""The people of a gallery as groups of faces: largest first, a page at a time, with a version each.

The version of a group changes with its faces and its name: who edits can say what they saw.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from mien.gallery.people import read_subject, subjects_after
from mien.gallery.reading import references_after
from mien.gallery.records import Reference, Subject
from mien.gallery.seal import Seal

#: Subjects without a face are groups too when they are somebody; merged ones are not.
_SIZES = """SELECT subject_id, n FROM (
    SELECT subject_id, name_token, external_token,
        (SELECT count(*) FROM refs WHERE refs.subject_id = subjects.subject_id) AS n
    FROM subjects)
    WHERE n > 0 OR name_token IS NOT NULL OR external_token IS NOT NULL
        OR EXISTS (SELECT 1 FROM consents WHERE consents.subject_id = subject_id)
    ORDER BY n DESC, subject_id"""
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Group:
    """A person with ``size`` faces, of which some are read.

    ``faces``: by reference; ``next``: where to go on reading, ``None`` at the end; ``cropped``:
    which of them have a kept crop.
    """

    subject: Subject
    size: int
    version: str
    faces: tuple[Reference, ...]
    next: int | None
    cropped: frozenset[int]


@dataclass(frozen=True, slots=True)
class GroupPage:
    """Some groups; ``n_groups`` and ``n_faces`` of all that were asked for.

    ``next``: size and subject of the last one, ``None`` at the end.
    """

    groups: tuple[Group, ...]
    n_groups: int
    n_faces: int
    next: tuple[int, int] | None


def groups_after(
    connection: sqlite3.Connection,
    seal: Seal,
    after: tuple[int, int] | None,
    *,
    n: int,
    faces: int,
    named: str | None,
) -> GroupPage:
    """Return the next n groups, largest first; ``named``: only with this text in their name."""
    sizes: list[tuple[int, int]] = connection.execute(_SIZES).fetchall()
    if named is not None:
        wanted = _named(connection, seal, named)
        sizes = [row for row in sizes if row[0] in wanted]
    later = sizes
    if after is not None:
        later = [row for row in sizes if (-row[1], row[0]) > (-after[0], after[1])]
    page = later[:n]
    return GroupPage(
        tuple(read_group(connection, seal, number, after=0, faces=faces) for number, _ in page),
        len(sizes),
        sum(size for _, size in sizes),
        (page[-1][1], page[-1][0]) if len(later) > n else None,
    )


def read_group(
    connection: sqlite3.Connection, seal: Seal, subject_id: int, *, after: int, faces: int
) -> Group:
    """Return a group with its next faces by reference; raises GalleryNotFoundError."""
    subject = read_subject(connection, seal, subject_id)
    found = references_after(connection, seal, after, subject_id=subject_id, n=faces + 1)
    shown = tuple(found[:faces])
    following = (shown[-1].reference_id if shown else after) if len(found) > faces else None
    members = _members(connection, subject_id)
    return Group(
        subject,
        len(members),
        _version(members, subject),
        shown,
        following,
        _cropped(connection, [face.reference_id for face in shown]),
    )


def version_of(connection: sqlite3.Connection, seal: Seal, subject_id: int) -> str:
    """Return the version of a group; raises GalleryNotFoundError."""
    subject = read_subject(connection, seal, subject_id)
    return _version(_members(connection, subject_id), subject)


def _members(connection: sqlite3.Connection, subject_id: int) -> list[int]:
    rows = connection.execute(
        "SELECT reference_id FROM refs WHERE subject_id = ? ORDER BY 1", (subject_id,)
    )
    return [number for (number,) in rows]


def _version(members: Sequence[int], subject: Subject) -> str:
    said = json.dumps([members, subject.name, subject.external_id])
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _cropped(connection: sqlite3.Connection, reference_ids: Sequence[int]) -> frozenset[int]:
    select = "SELECT 1 FROM crops WHERE reference_id = ?"
    return frozenset(n for n in reference_ids if connection.execute(select, (n,)).fetchone())


def _named(connection: sqlite3.Connection, seal: Seal, text: str) -> set[int]:
    """Return the subjects with a text in their name, whatever its case."""
    wanted, last, found = text.casefold(), 0, set()
    while page := subjects_after(connection, seal, last, _PAGE):
        for subject in page:
            assert subject.subject_id is not None
            last = subject.subject_id
            if subject.name is not None and wanted in subject.name.casefold():
                found.add(subject.subject_id)
    return found
