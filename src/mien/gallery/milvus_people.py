"""Subjects of a Milvus gallery: found by keyed hash, read, written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mien.errors import GalleryError, GalleryNotFoundError
from mien.gallery.audit import moment
from mien.gallery.milvus_ledger import State
from mien.gallery.milvus_rows import MEANS, Rows, means_of
from mien.gallery.milvus_server import Row, Server
from mien.gallery.records import Consent, Subject
from mien.types.arrays import Array

_FIELDS = (
    "subject_id",
    "name_token",
    "external_token",
    "purpose",
    "given_at",
    "expires_at",
    "n_references",
    "text",
)


class People:
    """Reads and writes the collection of subjects."""

    def __init__(self, server: Server, rows: Rows) -> None:
        self._server = server
        self._rows = rows
        self.name = f"{server.address.collection}_subjects"

    def make(self, dimension: int) -> None:
        """Make the collection."""
        fields, vectors = self._rows.subject_fields(dimension)
        self._server.make(self.name, "subject_id", fields, vectors)

    def read(self, state: State, subject_id: int) -> tuple[Row, Subject]:
        """Return the row of a subject and what it says; raises GalleryNotFoundError."""
        found: list[tuple[Row, Subject]] = []
        if 0 < subject_id <= state.subjects:
            found = self._read(self._server.few(self.name, f"subject_id == {subject_id}", _FIELDS))
        if not found:
            raise GalleryNotFoundError(f"gallery: has no subject {subject_id}")
        return found[0]

    def by_tokens(
        self, state: State, *, name: Iterable[str] = (), external: Iterable[str] = ()
    ) -> list[tuple[Row, Subject]]:
        """Return the subjects that have any of these names or external ids, by id."""
        if state.subjects == 0:
            return []
        found: dict[int, Row] = {}
        for column, tokens in (("name_token", name), ("external_token", external)):
            given = [token for token in tokens if token]
            for row in self._server.few_of(self.name, column, given, _FIELDS):
                if row["subject_id"] <= state.subjects:
                    found[row["subject_id"]] = row
        return self._read([found[number] for number in sorted(found)])

    def all(self, state: State) -> Iterator[Subject]:
        """Yield every subject by id."""
        if state.subjects == 0:
            return
        ids = range(1, state.subjects + 1)
        for row in self._server.each(self.name, "subject_id", ids, _FIELDS):
            yield from (subject for _, subject in self._read([row]))

    def count(self, state: State) -> int:
        """Return how many subjects there are."""
        if state.subjects == 0:
            return 0
        return self._server.count(self.name, f"subject_id <= {state.subjects}")

    def expired(self, state: State, now_s: float) -> list[int]:
        """Return the subjects whose consent ends at or before a time (seconds since 1970)."""
        if state.subjects == 0:
            return []
        condition = f"expires_at <= {now_s!r} and subject_id <= {state.subjects}"
        return [row["subject_id"] for row in self._server.few(self.name, condition, ["subject_id"])]

    def tokens(self, subject: Subject) -> tuple[str, str]:
        """Return the keyed hashes of name and external id, empty where there is none."""
        given = (("name_token", subject.name), ("external_token", subject.external_id))
        name, external = (
            "" if text is None else self._rows.token(kind, text.encode("utf-8", "surrogatepass"))
            for kind, text in given
        )
        return name, external

    def known_id(self, state: State, subject: Subject) -> int | None:
        """Return the id of a subject to be enrolled if the gallery knows it (see Subject)."""
        if subject.subject_id is not None:
            return self.read(state, subject.subject_id)[1].subject_id
        name, external = self.tokens(subject)
        if external:
            found = self.by_tokens(state, external=[external])
        else:
            found = self.by_tokens(state, name=[name])
        if len(found) > 1:
            raise GalleryError(
                f"gallery: {len(found)} subjects have the name that was given; tell them apart by "
                "external_id or subject_id"
            )
        return found[0][1].subject_id if found else None

    def row(self, subject: Subject, subject_id: int, records: Array) -> Row:
        """Return the row of a subject whose references have these records."""
        name, external = self.tokens(subject)
        row: Row = {
            "subject_id": subject_id,
            "name_token": name,
            "external_token": external,
            "n_references": len(records),
            "text": self._rows.closed(
                {"name": subject.name, "external_id": subject.external_id}, subject_id
            ),
        }
        row |= dict.fromkeys(("purpose", "given_at", "expires_at"))
        if subject.consent is not None:
            until = subject.consent.expires_at
            row["purpose"] = json.dumps(subject.consent.purpose)
            row["given_at"] = subject.consent.given_at.timestamp()
            row["expires_at"] = None if until is None else until.timestamp()
        return row | self._means(records)

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows of subjects."""
        self._server.put(self.name, rows)

    def delete(self, subject_ids: Sequence[int]) -> None:
        """Delete rows of subjects."""
        self._server.delete(self.name, f"subject_id in {list(subject_ids)}")

    def _means(self, records: Array) -> dict[str, Any]:
        if not self._rows.with_means:
            return {"nothing": [0.0, 0.0]}
        if len(records) == 0:
            dimension = records.dtype["vector"].shape[0]
            return dict.fromkeys(MEANS, [0.0] * dimension)
        return means_of(records)

    def _read(self, rows: Sequence[Row]) -> list[tuple[Row, Subject]]:
        found = []
        for row in rows:
            text = self._rows.opened(row["text"], row["subject_id"])
            if text is None:
                continue  # erased a moment ago
            consent = None
            if row.get("purpose") is not None:
                until = row.get("expires_at")
                ends = None if until is None else moment(until)
                consent = Consent(json.loads(row["purpose"]), moment(row["given_at"]), ends)
            subject = Subject(text["name"], text["external_id"], consent, row["subject_id"])
            found.append((row, subject))
        return found
