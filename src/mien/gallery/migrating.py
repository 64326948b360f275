"""A gallery's change to another model: templates are gathered beside the old ones, then swapped.

Until the swap the gallery serves the old model, and everything else goes on: what is enrolled
meanwhile is waited for, what is erased is erased here too. The swap is one transaction. A process
that is killed leaves what it gathered; the next one goes on from there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from mien.errors import GalleryError, GalleryMismatchError
from mien.gallery import audit, schema
from mien.gallery.database import Database
from mien.gallery.erasing import erase_reference
from mien.gallery.layout import from_stored, record_type, to_stored
from mien.gallery.pin import read_meta, read_pin, write_meta
from mien.gallery.reading import references_of
from mien.gallery.records import Migrated, Reference
from mien.gallery.seal import Seal
from mien.types import Templates
from mien.types.arrays import Array

#: Model and dimension of the templates that are being gathered.
TARGET, TARGET_DIMENSION = "migration model", "migration dimension"
#: There while old vectors may still be in unused space of the files.
RESIDUE = "residue"
#: How often the gallery has changed its model: indexes of an earlier one are of no use.
GENERATION = "generation"


class Migration:
    """A change of model under way. Several processes may work on one; only one swaps."""

    def __init__(self, database: Database, seal: Seal, model_id: str) -> None:
        self._database = database
        self._seal = seal
        self.model_id = model_id

    def begin(self, *, actor: str | None = None, reason: str = "") -> bool:
        """Begin or go on; returns whether there is anything to do.

        References of which something was missing are tried again. Raises GalleryError when a
        migration to yet another model is under way.
        """
        with self._database.writing() as connection:
            if read_pin(connection)[0] in (None, self.model_id):
                return False
            target = read_meta(connection, TARGET)
            if target is None:
                write_meta(connection, TARGET, self.model_id)
                audit.note(
                    connection,
                    f"begin migration to {self.model_id}",
                    actor=actor,
                    reason=reason,
                    n=0,
                )
            elif target != self.model_id:
                raise GalleryError(
                    f"{self._database.folder}: a migration to {target} is under way; finish it, or "
                    "give it up with --abandon"
                )
            connection.execute("DELETE FROM staged_refs WHERE problem IS NOT NULL")
            return True

    def waiting(self, n: int, *, after: int = 0) -> list[Reference]:
        """Return up to n references beyond an id, in order, that were not dealt with yet."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT refs.reference_id FROM refs LEFT JOIN staged_refs USING (reference_id)"
                " WHERE staged_refs.reference_id IS NULL AND refs.reference_id > ?"
                " ORDER BY refs.reference_id LIMIT ?",
                (after, n),
            )
            return references_of(connection, self._seal, [number for (number,) in rows])

    def progress(self) -> tuple[int, int]:
        """Return how many references have a new template, and how many there are."""
        with self._database.reading() as connection:
            return _progress(connection)

    def stage(self, reference_ids: Sequence[int], templates: Templates) -> None:
        """Keep the new templates of references; those that are gone or done are passed over."""
        if templates.model_id != self.model_id:
            raise GalleryMismatchError(
                f"migration: gathers templates of {self.model_id}, got {templates.model_id}"
            )
        with self._database.writing() as connection:
            self._require_target(connection)
            _require_dimension(connection, templates.dimension)
            rows, owners = _open_rows(connection, reference_ids)
            records = np.zeros(len(rows), record_type(templates.dimension))
            chosen = templates[np.array(rows, np.int64)]
            numbers = [int(reference_ids[row]) for row in rows]
            records["reference"], records["subject"] = numbers, owners
            records["vector"], records["norm"] = chosen.vectors, chosen.norm
            records["quality"] = _qualities(connection, self._seal, numbers)
            _append(connection, self._seal, numbers, records)

    def miss(self, problems: Sequence[tuple[int, str]]) -> None:
        """Note what hinders references; ``problems``: of which, and a word that says what."""
        with self._database.writing() as connection:
            self._require_target(connection)
            rows, _ = _open_rows(connection, [number for number, _ in problems])
            connection.executemany(
                "INSERT INTO staged_refs VALUES (?, NULL, ?)", (problems[row] for row in rows)
            )

    def missing(self) -> list[tuple[Reference, str]]:
        """Return the references that have no new template, and why."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT reference_id, problem FROM staged_refs WHERE problem IS NOT NULL ORDER BY 1"
            ).fetchall()
            found = references_of(connection, self._seal, [number for number, _ in rows])
        return [(reference, why) for reference, (_, why) in zip(found, rows, strict=True)]

    def swap(
        self, *, drop_missing: bool = False, actor: str | None = None, reason: str = ""
    ) -> Migrated | None:
        """Put the new templates in the place of the old ones, all or nothing.

        Returns ``None`` when references were enrolled meanwhile that are still to be done. Raises
        GalleryError while some have no new template, unless they are to be dropped.
        """
        with self._database.writing() as connection:
            self._require_target(connection)
            done, total = _progress(connection)
            missing = _missing(connection)
            if done + len(missing) < total:
                return None
            if missing and not drop_missing:
                raise GalleryError(
                    f"{self._database.folder}: {len(missing)} references have no template of "
                    f"{self.model_id}; it stays with the old model. Bring their pictures back and "
                    "run it again, or drop those references with --drop-missing"
                )
            old, _ = read_pin(connection)
            connection.execute("UPDATE meta SET value = value + 1 WHERE key = 'change'")
            _drop(connection, missing)
            _swap_tables(connection, self.model_id)
            what = f"migrate to {self.model_id}"
            audit.note(connection, what, actor=actor, reason=reason, n=done)
            if missing:
                what = "drop what could not be migrated"
                audit.note(connection, what, actor=actor, reason=reason, n=len(missing))
        return Migrated(old, self.model_id, done, len(missing))

    def _require_target(self, connection: sqlite3.Connection) -> None:
        if read_meta(connection, TARGET) != self.model_id:
            raise GalleryError(
                f"{self._database.folder}: the migration to {self.model_id} was finished or given "
                "up by another process"
            )


def abandon(database: Database, *, actor: str | None, reason: str) -> bool:
    """Give up a migration: its templates are erased. Returns whether there was one."""
    with database.writing() as connection:
        if read_meta(connection, TARGET) is None:
            return False
        connection.execute("DELETE FROM staged_refs")
        connection.execute("DROP TABLE staged")
        connection.execute(schema.STAGED)
        connection.execute("DELETE FROM meta WHERE key IN (?, ?)", (TARGET, TARGET_DIMENSION))
        write_meta(connection, RESIDUE, 1)
        audit.note(connection, "abandon migration", actor=actor, reason=reason, n=0)
    return True


def clear_residue(database: Database) -> None:
    """Remove the last traces of vectors that were swapped or given up, if that is still to do."""
    with database.reading() as connection:
        if read_meta(connection, RESIDUE) is None:
            return
    database.vacuum()
    with database.writing() as connection:
        connection.execute("DELETE FROM meta WHERE key = ?", (RESIDUE,))


def _progress(connection: sqlite3.Connection) -> tuple[int, int]:
    done = "SELECT count(*) FROM staged_refs WHERE slot IS NOT NULL"
    (n_done,) = connection.execute(done).fetchone()
    (total,) = connection.execute("SELECT count(*) FROM refs").fetchone()
    return n_done, total


def _missing(connection: sqlite3.Connection) -> list[int]:
    rows = connection.execute("SELECT reference_id FROM staged_refs WHERE slot IS NULL")
    return [number for (number,) in rows]


def _require_dimension(connection: sqlite3.Connection, dimension: int) -> None:
    known = read_meta(connection, TARGET_DIMENSION)
    if known is None:
        write_meta(connection, TARGET_DIMENSION, dimension)
    elif known != dimension:
        raise GalleryMismatchError(
            f"migration: gathers templates of {known} numbers, got {dimension}"
        )


def _open_rows(
    connection: sqlite3.Connection, reference_ids: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return which of these are there and not dealt with, each once, and their subjects."""
    found: dict[int, tuple[int, int]] = {}
    for row, number in enumerate(reference_ids):
        owner = connection.execute(
            "SELECT subject_id FROM refs WHERE reference_id = ?"
            " AND reference_id NOT IN (SELECT reference_id FROM staged_refs)",
            (int(number),),
        ).fetchone()
        if owner is not None:
            found.setdefault(int(number), (row, owner[0]))
    return [row for row, _ in found.values()], [owner for _, owner in found.values()]


def _qualities(
    connection: sqlite3.Connection, seal: Seal, reference_ids: Sequence[int]
) -> list[float]:
    """Quality is a fact about the sample: it stays what it was."""
    _, dimension = read_pin(connection)
    assert dimension is not None
    select = "SELECT slot, record FROM refs JOIN vectors USING (slot) WHERE reference_id = ?"
    rows = [connection.execute(select, (number,)).fetchone() for number in reference_ids]
    slots, stored = [row[0] for row in rows], [row[1] for row in rows]
    return [float(q) for q in from_stored(slots, stored, dimension, seal)["quality"]]


def _append(
    connection: sqlite3.Connection, seal: Seal, reference_ids: Sequence[int], records: Array
) -> None:
    # Appended only, also where something was erased: a row that is inserted may move others.
    (end,) = connection.execute("SELECT ifnull(max(slot) + 1, 0) FROM staged").fetchone()
    slots = list(range(end, end + len(reference_ids)))
    stored = to_stored(records, slots, seal)
    connection.executemany("INSERT INTO staged VALUES (?, ?)", zip(slots, stored, strict=True))
    connection.executemany(
        "INSERT INTO staged_refs VALUES (?, ?, NULL)", zip(reference_ids, slots, strict=True)
    )


def _drop(connection: sqlite3.Connection, reference_ids: Sequence[int]) -> None:
    for number in reference_ids:
        erase_reference(connection, number, 0)


def _swap_tables(connection: sqlite3.Connection, model_id: str) -> None:
    connection.execute(
        "UPDATE refs SET slot ="
        " (SELECT slot FROM staged_refs WHERE staged_refs.reference_id = refs.reference_id)"
    )
    connection.execute("DELETE FROM free_slots")
    connection.execute(
        "INSERT INTO free_slots SELECT slot FROM staged"
        " WHERE slot NOT IN (SELECT slot FROM staged_refs WHERE slot IS NOT NULL)"
    )
    connection.execute("DELETE FROM staged_refs")
    connection.execute("DELETE FROM changes")
    # secure_delete overwrites the pages of a table that is dropped.
    connection.execute("DROP TABLE vectors")
    connection.execute("ALTER TABLE staged RENAME TO vectors")
    connection.execute(schema.STAGED)
    dimension = read_meta(connection, TARGET_DIMENSION)
    if dimension is None:
        # Nothing is left: the next enrolment decides.
        connection.execute("DELETE FROM meta WHERE key IN ('model', 'dimension', 'metric')")
    else:
        write_meta(connection, "model", model_id)
        write_meta(connection, "dimension", dimension)
    generation = read_meta(connection, GENERATION)
    write_meta(connection, GENERATION, 1 if generation is None else generation + 1)
    write_meta(connection, RESIDUE, 1)
    connection.execute("DELETE FROM meta WHERE key IN (?, ?)", (TARGET, TARGET_DIMENSION))
