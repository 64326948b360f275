"""The ledger of a Milvus gallery: what is committed, who writes, the audit log, copies, opt-outs.

Milvus has no transactions. One row of this collection, ``state``, says up to which ids rows count:
writing it commits all that was written before. What a killed writer left lies beyond these ids.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal
from uuid import uuid4

from mien.errors import GalleryBusyError, GalleryDamagedError
from mien.gallery.audit import moment, this_user
from mien.gallery.milvus_server import Row, Server
from mien.gallery.records import AuditEntry, Copy

_FIELDS = {"key": "VARCHAR", "kind": "VARCHAR", "number": "INT64", "value": "VARCHAR"}
#: Milvus wants a vector in every collection.
NO_VECTOR = ("nothing", 2)


@dataclass(frozen=True, slots=True)
class State:
    """What is committed: the pin, the last ids, the number of the last change."""

    token_key: str
    sealed: bool
    model_id: str | None = None
    dimension: int | None = None
    references: int = 0
    subjects: int = 0
    change: int = 0


@dataclass(slots=True)
class Ticket:
    """The right to write until a time (seconds since 1970), and what is being erased."""

    key: str
    until: float
    erasing: list[int] = field(default_factory=list)


class Ledger:
    """Reads and writes the collection; one writer holds a ticket at a time.

    ``lease_s``: a writer that has not been heard of for so long is taken for dead.
    """

    def __init__(self, server: Server, *, wait_s: float, lease_s: float) -> None:
        self._server = server
        self._name = f"{server.address.collection}_ledger"
        self._wait_s = wait_s
        self._lease_s = lease_s
        self._ticket: Ticket | None = None
        self._noted = False

    def exists(self) -> bool:
        """Tell whether there is one; raises GalleryDamagedError for a collection of another's."""
        if not self._server.has(self._name):
            return False
        found = self._server.columns(self._name)
        if found != {*_FIELDS, NO_VECTOR[0]}:
            raise GalleryDamagedError(
                f"{self._server.address.uri}: collection {self._name} is not one of mien (it has "
                f"{', '.join(sorted(found))}); name another collection"
            )
        return True

    def make(self) -> None:
        """Make an empty one, if there is none."""
        vectors = dict([NO_VECTOR])
        self._server.make(self._name, "key", _FIELDS, vectors)

    def state(self) -> State | None:
        """Return what is committed, ``None`` in a ledger that was only just made."""
        found = self._read('key == "state"')
        return State(**found[0][1]) if found else None

    def commit(self, state: State) -> None:
        """Make everything up to the ids of ``state`` count; raises GalleryBusyError too late."""
        self._require_ticket()
        self._put([self._row("state", "state", 0, asdict(state))])

    def acquire(self) -> list[Ticket]:
        """Become the only writer; returns the tickets of writers that died before they were done.

        A ticket is shown first, then others are looked for: of two writers at least one sees the
        other and steps back. Raises GalleryBusyError.
        """
        deadline, pause_s = time.monotonic() + self._wait_s, 0.005
        while True:
            mine = Ticket(f"writer:{uuid4().hex}", time.time() + self._lease_s)
            self._show(mine)
            others = [Ticket(**value) for _, value in self._read('kind == "writer"')]
            others = [other for other in others if other.key != mine.key]
            if all(other.until <= time.time() for other in others):
                self._ticket, self._noted = mine, False
                return others
            self._remove([mine])
            if time.monotonic() > deadline:
                raise GalleryBusyError(
                    f"{self._server.address.uri}: another process was writing for more than "
                    f"{self._wait_s:g} s; try again, or open with a larger wait_s"
                )
            # Seeded by the system: two writers must not step back in step.
            time.sleep(random.SystemRandom().uniform(pause_s / 2, pause_s))
            pause_s = min(2 * pause_s, 0.5)

    def renew(self, *, erasing: Sequence[int] = ()) -> None:
        """Go on being the writer; ``erasing``: subjects for the next one to erase if need be."""
        ticket = self._require_ticket()
        self._ticket = replace(ticket, until=time.time() + self._lease_s, erasing=list(erasing))
        self._show(self._ticket)

    def release(self) -> None:
        """Let others write."""
        if self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            self._remove([ticket])

    def abandon(self) -> None:
        """Let others write after a failure; if anything was noted, they must first clean up.

        The ticket stays then, and is over.
        """
        if not self._noted:
            self.release()
        elif self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            self._show(replace(ticket, until=0.0))

    def settle(self, tickets: Sequence[Ticket]) -> None:
        """Forget dead writers after their work has been cleaned up."""
        self._remove(tickets)

    def note(
        self, action: str, *, actor: str | None, reason: str, n: int, subject_id: int | None = None
    ) -> None:
        """Append one line to the audit log: before the work, so that none is done unlogged."""
        self._noted = True
        value = {
            "at": time.time(),
            "actor": this_user() if actor is None else actor,
            "action": action,
            "subject_id": subject_id,
            "n": n,
            "reason": reason,
        }
        self._put([self._row(f"audit:{uuid4().hex}", "audit", time.time_ns(), value)])

    def audit(self) -> list[AuditEntry]:
        """Return the audit log, oldest first."""
        found = sorted(self._read('kind == "audit"', many=True), key=lambda row: row[0])
        return [
            AuditEntry(number, moment(value.pop("at")), **value)
            for number, (_, value) in enumerate(found, start=1)
        ]

    def note_copy(self, kind: Literal["export"], path: str, *, actor: str | None) -> None:
        """Remember a copy that is about to be made."""
        who = this_user() if actor is None else actor
        value = {"kind": kind, "path": path, "made_at": time.time(), "actor": who}
        self._put([self._row(f"copy:{uuid4().hex}", "copy", time.time_ns(), value)])

    def copies(self) -> list[Copy]:
        """Return the copies that were made, oldest first, each path once."""
        found = {
            value["path"]: Copy(**(value | {"made_at": moment(value["made_at"])}))
            for _, value in sorted(self._read('kind == "copy"', many=True), key=lambda row: row[0])
        }
        return list(found.values())

    def note_changes(self, change: int, subject_ids: Iterable[int]) -> None:
        """Tell followers that the references of these subjects are to be read again."""
        ids = list(subject_ids)
        if ids:
            self._put([self._row(f"change:{change:020}", "change", change, {"subjects": ids})])

    def changed_since(self, change: int) -> list[int]:
        """Return the subjects whose references changed after a change."""
        found = self._read(f'kind == "change" and number > {change}', many=True)
        return sorted({subject for _, value in found for subject in value["subjects"]})

    def add_opt_outs(self, tokens: Iterable[str]) -> None:
        """Put keyed hashes on the opt-out list."""
        at = {"at": time.time()}
        self._put([self._row(f"optout:{token}", "optout", 0, at) for token in tokens])

    def opted_out(self, tokens: Iterable[str]) -> set[str]:
        """Return which of these keyed hashes are on the opt-out list."""
        keys = [f"optout:{token}" for token in tokens]
        found = self._server.few_of(self._name, "key", keys, ["key"])
        return {row["key"].removeprefix("optout:") for row in found}

    def _show(self, ticket: Ticket) -> None:
        self._put([self._row(ticket.key, "writer", 0, asdict(ticket))])

    def _remove(self, tickets: Sequence[Ticket]) -> None:
        if tickets:
            self._server.delete(self._name, f"key in {[ticket.key for ticket in tickets]}")

    def _require_ticket(self) -> Ticket:
        ticket = self._ticket
        if ticket is None or time.time() >= ticket.until:
            raise GalleryBusyError(
                f"{self._server.address.uri}: took longer than {self._lease_s:g} s between two "
                "steps of a change, so that another process may have begun one; nothing was changed"
            )
        return ticket

    def _read(self, condition: str, *, many: bool = False) -> list[tuple[int, dict[str, Any]]]:
        fields = ["number", "value"]
        rows: Iterable[Row] = (
            self._server.many(self._name, "key", condition, ["key", *fields])
            if many
            else self._server.few(self._name, condition, fields)
        )
        return [(int(row["number"]), json.loads(row["value"])) for row in rows]

    def _put(self, rows: Sequence[Row]) -> None:
        self._server.put(self._name, rows)

    @staticmethod
    def _row(key: str, kind: str, number: int, value: dict[str, Any]) -> Row:
        # ASCII: file names that are no valid Unicode survive as escapes.
        text = json.dumps(value)
        return {"key": key, "kind": kind, "number": number, "value": text, "nothing": [0.0, 0.0]}


def new_state(*, sealed: bool, token_key: bytes | None) -> State:
    """Return the state of a gallery that holds nothing; ``None`` makes a new key of keyed hashes.

    A sealed gallery keeps what names its file of keys in its place.
    """
    key = os.urandom(32) if token_key is None else token_key
    return State(key.hex(), sealed)
