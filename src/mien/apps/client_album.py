"""The album's verbs of both clients: each makes one request and gives the plain answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

#: ``dict`` of a Client, an awaitable of one of an AsyncClient.
Answer = TypeVar("Answer")
AnswerOut = TypeVar("AnswerOut", covariant=True)


class Asking(Protocol[AnswerOut]):
    """What sends one request."""

    def __call__(
        self, method: str, path: str, *, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> AnswerOut:
        """Return its answer."""


class Album(Generic[Answer]):
    """People of a gallery as groups of faces: ``client.album``; with AsyncClient await each verb.

    Edits take ``seen={subject_id: version}``, ``faces=`` (how many of each group to return) and
    ``reason=``. Raises ServerError with code "conflict" when somebody else edited meanwhile.
    """

    def __init__(self, ask: Asking[Answer]) -> None:
        self._ask = ask

    def groups(self, **options: Any) -> Answer:
        """Return a page of people with faces; ``after``, ``limit``, ``faces``, ``name``."""
        return self._ask("GET", "/v1/album/groups", params=options)

    def group(self, subject_id: int, **options: Any) -> Answer:
        """Return one person with the next faces; ``after``, ``faces``."""
        return self._ask("GET", f"/v1/album/groups/{subject_id}", params=options)

    def questions(self, **options: Any) -> Answer:
        """Return the pairs of people worth asking about; ``most``."""
        return self._ask("GET", "/v1/album/questions", params=options)

    def edits(self, **options: Any) -> Answer:
        """Return the edits that can be undone; ``limit``."""
        return self._ask("GET", "/v1/album/edits", params=options)

    def thumbnails(self, reference_ids: Sequence[int], **options: Any) -> Answer:
        """Return small JPEGs in base64, null where none was kept; ``size_px``."""
        params = {"reference_id": list(reference_ids)} | options
        return self._ask("GET", "/v1/album/thumbnails", params=params)

    def merge(self, into: int, other: int, **options: Any) -> Answer:
        """Put the faces of one person into another: they are the same."""
        return self._edit("merge", {"into": into, "other": other} | options)

    def split(self, reference_ids: Sequence[int], **options: Any) -> Answer:
        """Make some faces of a person another person."""
        return self._edit("split", {"reference_ids": list(reference_ids)} | options)

    def move(self, reference_ids: Sequence[int], into: int, **options: Any) -> Answer:
        """Put some faces of a person into another person."""
        return self._edit("move", {"reference_ids": list(reference_ids), "into": into} | options)

    def name(self, subject_id: int, name: str | None, **options: Any) -> Answer:
        """Name a person, or take the name away."""
        return self._edit("name", {"subject_id": subject_id, "name": name} | options)

    def tell_apart(self, one: int, other: int, **options: Any) -> Answer:
        """Remember that two groups are two people."""
        return self._edit("apart", {"one": one, "other": other} | options)

    def undo(self, **options: Any) -> Answer:
        """Take back the last edit; ``edit_id``: only if it is this one."""
        return self._edit("undo", options)

    def _edit(self, verb: str, body: Mapping[str, Any]) -> Answer:
        return self._ask("POST", f"/v1/album/{verb}", json=body)
