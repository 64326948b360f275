"""The groups of a gallery as an album: a subject is a group, and references move between them.

Everything happens in the transaction that ``SqliteGallery.editing`` opens.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from mien.errors import GalleryNotFoundError
from mien.gallery import audit
from mien.gallery.edit_log import Change, LoggedEdit, note_edit, read_edits, remove_edits
from mien.gallery.enrolling import note_changes
from mien.gallery.erasing import sweep_subjects
from mien.gallery.groups import version_of
from mien.gallery.layout import from_stored, to_stored
from mien.gallery.migrating import TARGET_DIMENSION
from mien.gallery.people import find_subjects, make_subjects, read_subject, rename_subject
from mien.gallery.pin import read_meta, read_pin
from mien.gallery.records import Subject
from mien.gallery.seal import Seal

#: Vectors that are rewritten at once.
_ROWS = 1000


class Desk:
    """Where groups are looked at and changed; all or nothing of it is kept."""

    def __init__(
        self, connection: sqlite3.Connection, seal: Seal, change_id: int, *, actor: str | None
    ) -> None:
        self._connection = connection
        self._seal = seal
        self._change_id = change_id
        self._actor = actor

    @property
    def state(self) -> int:
        """The number of the last change before this one."""
        return self._change_id - 1

    def members(self, subject_ids: Iterable[int]) -> list[tuple[int, int]]:
        """Return references and their subjects, by reference.

        Raises GalleryNotFoundError for a subject that is not there.
        """
        found = []
        for subject_id in subject_ids:
            self.subject(subject_id)
            rows = self._connection.execute(
                "SELECT reference_id, subject_id FROM refs WHERE subject_id = ?", (subject_id,)
            )
            found += rows.fetchall()
        return sorted(found)

    def subject(self, subject_id: int) -> Subject:
        """Return a subject; raises GalleryNotFoundError."""
        return read_subject(self._connection, self._seal, subject_id)

    def named(self, name: str) -> list[Subject]:
        """Return the subjects of this name."""
        return find_subjects(self._connection, self._seal, name=name, external_id=None)

    def version(self, subject_id: int) -> str:
        """Return the version of a group; raises GalleryNotFoundError."""
        return version_of(self._connection, self._seal, subject_id)

    def owner(self, reference_id: int) -> int:
        """Return the subject of a reference; raises GalleryNotFoundError."""
        row = self._connection.execute(
            "SELECT subject_id FROM refs WHERE reference_id = ?", (reference_id,)
        ).fetchone()
        if row is None:
            raise GalleryNotFoundError(f"gallery: has no reference {reference_id}")
        return int(row[0])

    def new_subject(self) -> int:
        """Make a subject without a name; returns its id."""
        (made,) = make_subjects(self._connection, self._seal, [Subject()])
        return made

    def last_edit(self) -> LoggedEdit | None:
        """Return the edit that undo takes back."""
        found = read_edits(self._connection, self._seal, last=True)
        return found[0] if found else None

    def do(self, change: Change, *, reason: str = "") -> int:
        """Make an edit and log it; returns its number."""
        self._apply(change)
        who = audit.this_user() if self._actor is None else self._actor
        self._note(change.kind, len(change.moves), reason)
        return note_edit(self._connection, self._seal, change, actor=who)

    def take_back(self, edit: LoggedEdit, *, reason: str = "") -> None:
        """Undo an edit as far as what it changed is still as it left it."""
        change = edit.change
        now = {number: self._owner_or_none(number) for number, _, _ in change.moves}
        names = {subject: self.subject(subject).name for subject, _, _ in change.names}
        back = Change(
            change.kind,
            tuple((r, after, before) for r, before, after in change.moves if now[r] == after),
            tuple((s, after, before) for s, before, after in change.names if names[s] == after),
        )
        self._apply(back)
        remove_edits(self._connection, [edit.edit_id])
        sweep_subjects(self._connection, change.subject_ids)
        self._note(f"undo {change.kind}", len(back.moves), reason)

    def regroup(self, owners: Mapping[int, int], *, reason: str = "") -> int:
        """Move references to subjects, without a way back; returns how many moved.

        Subjects that are nobody after it are erased.
        """
        moves = {r: s for r, s in owners.items() if self.owner(r) != s}
        left = {self.owner(number) for number in moves}
        self._move(moves)
        sweep_subjects(self._connection, left)
        self._note("cluster", len(moves), reason)
        return len(moves)

    def _apply(self, change: Change) -> None:
        self._move({number: after for number, _, after in change.moves})
        for subject_id, _, name in change.names:
            rename_subject(self._connection, self._seal, subject_id, name)

    def _move(self, owners: Mapping[int, int]) -> None:
        numbers = list(owners)
        for low in range(0, len(numbers), _ROWS):
            part = {number: owners[number] for number in numbers[low : low + _ROWS]}
            _, dimension = read_pin(self._connection)
            slots = self._rewrite("vectors", "refs", dimension, part)
            note_changes(self._connection, slots, self._change_id)
            gathered = read_meta(self._connection, TARGET_DIMENSION)
            self._rewrite("staged", "staged_refs", gathered, part)
            self._connection.executemany(
                "UPDATE refs SET subject_id = ? WHERE reference_id = ?",
                ((subject, number) for number, subject in part.items()),
            )

    def _rewrite(
        self, table: str, index: str, dimension: int | None, owners: Mapping[int, int]
    ) -> Sequence[int]:
        """Write the new subjects into vector records, in place; returns their slots."""
        select = f"SELECT slot, record FROM {index} JOIN {table} USING (slot)"
        found = [
            (number, row)
            for number in owners
            for row in self._connection.execute(f"{select} WHERE reference_id = ?", (number,))
        ]
        if not found or dimension is None:
            return []
        slots = [slot for _, (slot, _) in found]
        records = from_stored(slots, [row for _, (_, row) in found], dimension, self._seal).copy()
        records["subject"] = [owners[number] for number, _ in found]
        stored = to_stored(records, slots, self._seal)
        self._connection.executemany(
            f"UPDATE {table} SET record = ? WHERE slot = ?", zip(stored, slots, strict=True)
        )
        return slots

    def _owner_or_none(self, reference_id: int) -> int | None:
        try:
            return self.owner(reference_id)
        except GalleryNotFoundError:
            return None

    def _note(self, action: str, n: int, reason: str) -> None:
        audit.note(self._connection, action, actor=self._actor, reason=reason, n=n)
