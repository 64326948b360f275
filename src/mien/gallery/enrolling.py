"""Enrolment in the embedded store: one transaction, all rows or none, each sample once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mien.errors import ConsentError, GalleryKeyError, InputError
from mien.gallery.cells import put_crops, put_records, put_texts, take_slots
from mien.gallery.layout import record_type, to_stored
from mien.gallery.people import (
    is_opted_out,
    known_id,
    make_subjects,
    put_consent,
    tokens_of,
)
from mien.gallery.records import Origin, Outcome, Subject
from mien.gallery.seal import Seal
from mien.types import Templates


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one call, lengths checked: a template, a subject and an origin each."""

    templates: Templates
    subjects: tuple[Subject, ...]
    origins: tuple[Origin, ...]
    #: Whether all rows show one person, also one without a name.
    one_subject: bool

    @classmethod
    def of(
        cls,
        templates: Templates,
        subjects: Subject | Sequence[Subject],
        origins: Sequence[Origin] | None,
    ) -> Batch:
        """Bring the arguments of ``enrol`` into columns; raises InputError."""
        n, one = len(templates), isinstance(subjects, Subject)
        people = (subjects,) * n if isinstance(subjects, Subject) else tuple(subjects)
        given = (Origin(),) * n if origins is None else tuple(origins)
        for name, column in (("subjects", people), ("origins", given)):
            if len(column) != n:
                raise InputError(f"{name}: got {len(column)}, expected one for each of {n} rows")
        return cls(templates, people, given, one)


def enrol_batch(
    connection: sqlite3.Connection,
    seal: Seal,
    batch: Batch,
    *,
    change_id: int,
    on_refused: Literal["raise", "skip"],
) -> tuple[list[Outcome], list[int]]:
    """Store a batch; returns the outcome of each row, and the ids of new subjects.

    Raises ConsentError for a refused row unless it is to be skipped.
    """
    tokens = [
        content_token(seal, origin, vector)
        for origin, vector in zip(batch.origins, batch.templates.vectors, strict=True)
    ]
    outcomes: list[Outcome | None] = [
        _refusal(connection, seal, subject, token)
        for subject, token in zip(batch.subjects, tokens, strict=True)
    ]
    refused = [outcome for outcome in outcomes if outcome is not None]
    if refused and on_refused == "raise":
        raise ConsentError(f"gallery: nothing was enrolled: {refused[0].reason}")
    known = _already(connection, batch, tokens)
    # Equal samples within the batch: the first one is enrolled.
    first = {key: row for row, key in reversed(list(enumerate(_keys(batch, tokens))))}
    new = [row for key, row in first.items() if key not in known and outcomes[row] is None]
    new.sort()
    subject_ids, made = _subject_ids(connection, seal, batch, new, change_id)
    reference_ids = _insert(connection, seal, batch, new, subject_ids, tokens, change_id)
    for row, subject_id, reference_id in zip(new, subject_ids, reference_ids, strict=True):
        outcomes[row] = Outcome("enrolled", reference_id, subject_id)
        known[tokens[row], batch.origins[row].face_index] = (reference_id, subject_id)
    return [
        Outcome("already", *known[key]) if outcome is None else outcome
        for key, outcome in zip(_keys(batch, tokens), outcomes, strict=True)
    ], made


def content_token(seal: Seal, origin: Origin, vector: np.ndarray) -> bytes:
    """Return what identifies a sample: its picture's hash, or for want of one its vector's."""
    if origin.content_sha256 is not None:
        return _picture_token(seal, origin.content_sha256)
    return seal.token("vector", vector.astype("<f4").tobytes())


def _picture_token(seal: Seal, content_sha256: str) -> bytes:
    return seal.token("content", content_sha256.encode())


def is_enrolled(connection: sqlite3.Connection, seal: Seal, content_sha256: str) -> bool:
    """Tell whether a face of the picture with this hash is enrolled."""
    token = _picture_token(seal, content_sha256)
    found = connection.execute("SELECT 1 FROM refs WHERE content_token = ? LIMIT 1", (token,))
    return found.fetchone() is not None


def content_tokens_of(connection: sqlite3.Connection, subject_id: int) -> list[bytes]:
    """Return what identifies the samples of a subject."""
    rows = connection.execute("SELECT content_token FROM refs WHERE subject_id = ?", (subject_id,))
    return [token for (token,) in rows]


def _keys(batch: Batch, tokens: Sequence[bytes]) -> list[tuple[bytes, int]]:
    return [(token, origin.face_index) for token, origin in zip(tokens, batch.origins, strict=True)]


def _refusal(
    connection: sqlite3.Connection, seal: Seal, subject: Subject, token: bytes
) -> Outcome | None:
    return refusal(subject, is_opted_out(connection, (token, *tokens_of(seal, subject))))


def refusal(subject: Subject, opted_out: bool) -> Outcome | None:
    """Return the outcome of a row that must not be enrolled, ``None`` for one that may."""
    if opted_out:
        return Outcome("refused", None, None, "the person opted out")
    until = None if subject.consent is None else subject.consent.expires_at
    if until is not None and until.timestamp() <= time.time():
        return Outcome("refused", None, None, "the consent has expired")
    return None


def _already(
    connection: sqlite3.Connection, batch: Batch, tokens: Sequence[bytes]
) -> dict[tuple[bytes, int], tuple[int, int]]:
    found = {}
    for key in set(_keys(batch, tokens)):
        row = connection.execute(
            "SELECT reference_id, subject_id FROM refs WHERE content_token = ? AND face_index = ?",
            key,
        ).fetchone()
        if row is not None:
            found[key] = row
    return found


def subject_keys(batch: Batch, rows: Sequence[int]) -> list[object]:
    """Return a key for each row: rows of one key show one subject, by the rule of Subject."""
    keys: list[object] = []
    for row in rows:
        subject = batch.subjects[row]
        nameless = (subject.subject_id, subject.external_id, subject.name) == (None, None, None)
        key: object = (subject.external_id, subject.external_id or subject.name, subject.subject_id)
        if nameless:
            key = "one" if batch.one_subject else row
        keys.append(key)
    return keys


def _subject_ids(
    connection: sqlite3.Connection, seal: Seal, batch: Batch, new: Sequence[int], change_id: int
) -> tuple[list[int], list[int]]:
    """Return the subject of each new row, and the subjects that were made for them."""
    identity: dict[object, int] = {}
    unknown: dict[object, Subject] = {}
    keys = subject_keys(batch, new)
    for row, key in zip(new, keys, strict=True):
        subject = batch.subjects[row]
        if key in identity or key in unknown:
            continue
        found = known_id(connection, seal, subject)
        if found is None:
            unknown[key] = subject
            continue
        identity[key] = found
        if subject.consent is not None:
            put_consent(connection, found, subject.consent)
            note_subject_change(connection, found, change_id)
    made = make_subjects(connection, seal, list(unknown.values()))
    identity |= dict(zip(unknown, made, strict=True))
    return [identity[key] for key in keys], made


def _insert(
    connection: sqlite3.Connection,
    seal: Seal,
    batch: Batch,
    new: Sequence[int],
    subject_ids: Sequence[int],
    tokens: Sequence[bytes],
    change_id: int,
) -> list[int]:
    """Write the new rows; returns their reference ids."""
    last = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'refs'").fetchone()
    first_id = 1 if last is None else last[0] + 1
    reference_ids = list(range(first_id, first_id + len(new)))
    slots = take_slots(connection, len(new))
    chosen = batch.templates[np.array(new, np.int64)]
    records = np.zeros(len(new), record_type(chosen.dimension))
    records["reference"], records["subject"] = reference_ids, subject_ids
    records["vector"], records["norm"] = chosen.vectors, chosen.norm
    records["quality"] = np.nan if chosen.quality is None else chosen.quality
    put_records(connection, slots, to_stored(records, slots, seal))
    cells = put_texts(connection, [origin_text(batch.origins[row]) for row in new], seal)
    now = time.time()
    connection.executemany(
        "INSERT INTO refs VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (reference, subject, slot, cell, tokens[row], batch.origins[row].face_index, now)
            for reference, subject, slot, cell, row in zip(
                reference_ids, subject_ids, slots, cells, new, strict=True
            )
        ),
    )
    kept = [
        (number, batch.origins[row].crop) for number, row in zip(reference_ids, new, strict=True)
    ]
    _keep_crops(connection, seal, [(number, crop) for number, crop in kept if crop is not None])
    note_changes(connection, slots, change_id)
    return reference_ids


def _keep_crops(
    connection: sqlite3.Connection, seal: Seal, crops: Sequence[tuple[int, bytes]]
) -> None:
    if crops and not seal.extra_bytes:
        raise GalleryKeyError(
            "gallery: crops are kept in encrypted galleries only; set MIEN_GALLERY_KEY_FILE when "
            "it is made, or encrypt it with mien gallery rotate-key"
        )
    cells = put_crops(connection, [crop for _, crop in crops], seal)
    connection.executemany(
        "INSERT INTO crops VALUES (?, ?)",
        ((number, cell) for (number, _), cell in zip(crops, cells, strict=True)),
    )


def note_changes(connection: sqlite3.Connection, slots: Sequence[int], change_id: int) -> None:
    """Tell every index that these slots have changed."""
    connection.executemany(
        "INSERT INTO changes VALUES (?, ?)"
        " ON CONFLICT DO UPDATE SET change_id = excluded.change_id",
        ((slot, change_id) for slot in slots),
    )


def note_subject_change(connection: sqlite3.Connection, subject_id: int, change_id: int) -> None:
    """Tell every index that the references of this subject have changed."""
    rows = connection.execute("SELECT slot FROM refs WHERE subject_id = ?", (subject_id,))
    note_changes(connection, [slot for (slot,) in rows], change_id)


def origin_text(origin: Origin) -> dict[str, object]:
    """Return the document that says where a template comes from."""
    box = None if origin.box is None else [round(float(side), 3) for side in origin.box]
    return {"source": origin.source, "content_sha256": origin.content_sha256, "box": box}
