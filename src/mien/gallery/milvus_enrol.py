"""Enrolment in Milvus: planned, written beyond the committed ids, then committed at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from mien.errors import ConsentError, GalleryError
from mien.gallery.enrolling import Batch, origin_text, refusal, subject_keys
from mien.gallery.layout import record_type
from mien.gallery.milvus_ledger import Ledger, State
from mien.gallery.milvus_people import People
from mien.gallery.milvus_rows import Rows
from mien.gallery.milvus_search import ServerSearch
from mien.gallery.milvus_server import ROWS_AT_ONCE, Row, Server
from mien.gallery.records import Outcome, Subject
from mien.types.arrays import Array

_Sample = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch comes to: refused rows, samples that are there, rows to be stored."""

    samples: tuple[_Sample, ...]
    refused: dict[int, Outcome]
    known: dict[_Sample, tuple[int, int]]
    new: tuple[int, ...]


class Enroller:
    """Writes references and subjects for the one who holds the ledger's ticket."""

    def __init__(self, server: Server, ledger: Ledger, rows: Rows, people: People) -> None:
        self._server = server
        self._ledger = ledger
        self._rows = rows
        self._people = people
        self._name = server.address.collection
        self._search = ServerSearch(server, rows, people.name)

    def plan(self, state: State, batch: Batch, *, on_refused: Literal["raise", "skip"]) -> Plan:
        """Find out what is to be done; raises ConsentError for a refused row unless skipped."""
        samples = tuple(self._samples(batch))
        people = [self._people.tokens(subject) for subject in batch.subjects]
        asked = {token for token, _ in samples} | {token for pair in people for token in pair}
        out = self._ledger.opted_out(asked - {""})
        refused = {}
        for row, subject in enumerate(batch.subjects):
            outcome = refusal(subject, bool(out & {samples[row][0], *people[row]}))
            if outcome is not None:
                refused[row] = outcome
        if refused and on_refused == "raise":
            first = next(iter(refused.values()))
            raise ConsentError(f"gallery: nothing was enrolled: {first.reason}")
        known = self._known(state, samples)
        # Equal samples within the batch: the first one is enrolled.
        first_rows = {sample: row for row, sample in reversed(list(enumerate(samples)))}
        new = sorted(
            row for sample, row in first_rows.items() if sample not in known and row not in refused
        )
        return Plan(samples, refused, known, tuple(new))

    def store(self, state: State, batch: Batch, plan: Plan) -> tuple[list[Outcome], list[int]]:
        """Write what is new and commit it; returns the outcome of each row, and new subjects."""
        known = dict(plan.known)
        outcomes = dict(plan.refused)
        made: list[int] = []
        if plan.new:
            if state.dimension is None:
                state = self._pinned(state, batch)
            people, made = self._subject_ids(state, batch, plan.new)
            first = state.references + 1
            ids = range(first, first + len(plan.new))
            self._insert(batch, plan, ids, [_id(subject) for subject in people])
            after = replace(
                state,
                references=ids[-1],
                subjects=state.subjects + len(made),
                change=state.change + 1,
            )
            # Means of subjects, over what is there already and what is new.
            self.rewrite(after, list({_id(subject): subject for subject in people}.values()))
            self._ledger.commit(after)
            for row, reference, subject in zip(plan.new, ids, people, strict=True):
                outcomes[row] = Outcome("enrolled", reference, _id(subject))
                known[plan.samples[row]] = (reference, _id(subject))
        return [
            outcomes[row] if row in outcomes else Outcome("already", *known[sample])
            for row, sample in enumerate(plan.samples)
        ], made

    def undo(self, state: State) -> None:
        """Remove what a dead writer wrote and did not commit."""
        if not self._server.has(self._people.name):
            return
        if state.dimension is None:
            for name in (self._name, self._people.name):
                if self._server.has(name):
                    self._server.drop(name)
            return
        beyond = f"reference_id > {state.references}"
        rows = self._server.few(self._name, beyond, ["subject_id"])
        self._server.delete(self._name, beyond)
        self._server.delete(self._people.name, f"subject_id > {state.subjects}")
        touched = {row["subject_id"] for row in rows if row["subject_id"] <= state.subjects}
        self.rewrite(state, [self._people.read(state, number)[1] for number in sorted(touched)])

    def rewrite(self, state: State, subjects: Sequence[Subject]) -> None:
        """Write the rows of subjects anew, with the means of their references."""
        for low in range(0, len(subjects), ROWS_AT_ONCE):
            part = subjects[low : low + ROWS_AT_ONCE]
            ids = [_id(subject) for subject in part]
            owned = self._owned(state, ids)
            self._people.write([self._people.row(one, _id(one), owned[_id(one)]) for one in part])
            self._ledger.renew()

    def require_free(self, state: State, subject: Subject) -> None:
        """Raise GalleryError where another subject has the external id."""
        _, external = self._people.tokens(subject)
        for _, other in self._people.by_tokens(state, external=[external]):
            if other.subject_id != subject.subject_id:
                raise GalleryError(
                    f"gallery: subject {other.subject_id} has this external id already"
                )

    def _owned(self, state: State, ids: Sequence[int]) -> dict[int, Array]:
        """Return the records of each subject; just none where only their number is kept."""
        records = self._search.records_of(state, ids)
        order = np.argsort(records["subject"], kind="stable")
        records = records[order]
        low = np.searchsorted(records["subject"], ids, side="left")
        high = np.searchsorted(records["subject"], ids, side="right")
        return {one: records[a:b] for one, a, b in zip(ids, low, high, strict=True)}

    def _pinned(self, state: State, batch: Batch) -> State:
        """Make the collections for the first templates, which decide the model."""
        dimension = batch.templates.dimension
        self.undo(state)
        fields, vectors = self._rows.reference_fields(dimension)
        self._server.make(self._name, "reference_id", fields, vectors)
        self._people.make(dimension)
        self._ledger.renew()
        return replace(state, model_id=batch.templates.model_id, dimension=dimension)

    def _samples(self, batch: Batch) -> list[_Sample]:
        """Identify each sample: by its picture's hash, or for want of one by its vector."""
        samples = []
        for origin, vector in zip(batch.origins, batch.templates.vectors, strict=True):
            kind, value = "vector", vector.astype("<f4").tobytes()
            if origin.content_sha256 is not None:
                kind, value = "content", origin.content_sha256.encode()
            samples.append((self._rows.token(kind, value), origin.face_index))
        return samples

    def _known(self, state: State, samples: Sequence[_Sample]) -> dict[_Sample, tuple[int, int]]:
        if state.references == 0:
            return {}
        fields = ["content_token", "face_index", "reference_id", "subject_id"]
        rows = self._server.few_of(
            self._name, "content_token", [token for token, _ in samples], fields
        )
        return {
            (row["content_token"], row["face_index"]): (row["reference_id"], row["subject_id"])
            for row in rows
            if row["reference_id"] <= state.references
        }

    def _subject_ids(
        self, state: State, batch: Batch, new: Sequence[int]
    ) -> tuple[list[Subject], list[int]]:
        """Return the subject of each new row with its id, and the ids of those that are made."""
        keys = subject_keys(batch, new)
        asked = {
            key: batch.subjects[row] for key, row in reversed(list(zip(keys, new, strict=True)))
        }
        found = self._look_up(state, list(asked.values()))
        people: dict[object, Subject] = {}
        for key in dict.fromkeys(keys):
            known = found[id(asked[key])]
            if known is not None:
                given = asked[key].consent
                people[key] = replace(known, consent=known.consent if given is None else given)
        unknown = [key for key in dict.fromkeys(keys) if key not in people]
        made = range(state.subjects + 1, state.subjects + 1 + len(unknown))
        self._rows.new_subjects(made)
        for key, number in zip(unknown, made, strict=True):
            people[key] = replace(asked[key], subject_id=number)
        return [people[key] for key in keys], list(made)

    def _look_up(self, state: State, subjects: Sequence[Subject]) -> dict[int, Subject | None]:
        """Return whom the gallery knows, by ``id()`` of the subject that was asked about."""
        tokens = [self._people.tokens(subject) for subject in subjects]
        by_name = {name for name, external in tokens if not external}
        rows = self._people.by_tokens(state, name=by_name, external={e for _, e in tokens})
        names: dict[str, list[Subject]] = {}
        externals: dict[str, Subject] = {}
        for row, subject in rows:
            names.setdefault(row["name_token"], []).append(subject)
            externals[row["external_token"]] = subject
        found: dict[int, Subject | None] = {}
        for subject, (name, external) in zip(subjects, tokens, strict=True):
            if subject.subject_id is not None:
                found[id(subject)] = self._people.read(state, subject.subject_id)[1]
            elif external:
                found[id(subject)] = externals.get(external)
            else:
                same = names.get(name, []) if name else []
                if len(same) > 1:
                    self._people.known_id(state, subject)  # raises, and says what to do
                found[id(subject)] = same[0] if same else None
        return found

    def _insert(self, batch: Batch, plan: Plan, ids: range, subject_ids: Sequence[int]) -> None:
        """Write the new references, beyond the committed ids."""
        chosen = batch.templates[np.array(plan.new, np.int64)]
        records = np.zeros(len(ids), record_type(chosen.dimension))
        records["reference"], records["subject"] = list(ids), subject_ids
        records["vector"], records["norm"] = chosen.vectors, chosen.norm
        records["quality"] = np.nan if chosen.quality is None else chosen.quality
        now = time.time()
        for low in range(0, len(ids), ROWS_AT_ONCE):
            rows: list[Row] = []
            for number in range(low, min(low + ROWS_AT_ONCE, len(ids))):
                row, record = plan.new[number], records[number]
                text = origin_text(batch.origins[row])
                rows.append(
                    {
                        "reference_id": ids[number],
                        "subject_id": subject_ids[number],
                        "content_token": plan.samples[row][0],
                        "face_index": plan.samples[row][1],
                        "enrolled_at": now,
                        "text": self._rows.closed(text, subject_ids[number]),
                    }
                    | self._rows.record_columns(record)
                )
            self._server.put(self._name, rows)
            self._ledger.renew()


def _id(subject: Subject) -> int:
    assert subject.subject_id is not None
    return subject.subject_id
