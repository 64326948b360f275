"""The shapes of the album's questions, edits and answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from mien.apps.server.bodies import BodyOptions

#: SQLite's largest row number.
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Version = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AlbumFace(_Shape):
    """One face; ``has_crop``: a small picture of it was kept, see its thumbnail."""

    reference_id: int
    source: str | None
    face_index: int
    box: list[float] | None
    quality: float | None
    has_crop: bool


class AlbumGroup(_Shape):
    """A person with some of the faces; ``next`` is the ``after`` of the person's next faces.

    ``version`` changes with the faces and the name: send it back as ``seen`` when you edit.
    """

    subject_id: int
    name: str | None
    external_id: str | None
    has_consent: bool
    size: int
    version: str
    faces: list[AlbumFace]
    next: int | None


class NameChange(_Shape):
    """The name of one group before and after an edit."""

    group: int
    before: str | None
    after: str | None


class AlbumEdit(_Shape):
    """One edit that can be undone, and the groups that it speaks of."""

    edit_id: int
    at: str
    actor: str
    kind: Literal["merge", "split", "move", "name", "apart"]
    groups: list[int]
    moved: list[int]
    names: list[NameChange]


class AlbumGroups(_Shape):
    """One page of people, most faces first.

    ``next`` is the ``after`` of the next page; ``n_groups`` and ``n_faces`` count all of them;
    ``last_edit`` is what undo takes back; ``keeps_crops``: this gallery can keep pictures of faces.
    """

    groups: list[AlbumGroup]
    next: str | None
    n_groups: int
    n_faces: int
    last_edit: AlbumEdit | None
    keeps_crops: bool


class AskedFace(AlbumFace):
    """A face of a question, and whose it is at the moment."""

    subject_id: int


class AlbumQuestion(_Shape):
    """Are these two groups one person? A yes moves ``moves`` faces.

    ``strength``: how strongly the groups are linked, 0 to 1; no probability.
    """

    left: AskedFace
    right: AskedFace
    strength: float
    moves: int


class AlbumQuestions(_Shape):
    """The questions whose answers help most, best first."""

    questions: list[AlbumQuestion]


class AlbumEdits(_Shape):
    """The edits that can be undone, oldest first."""

    edits: list[AlbumEdit]


class AlbumEdited(_Shape):
    """What was edited or taken back, and the groups as they are now.

    ``gone``: groups that have no faces any more; ``last_edit``: what the next undo takes back.
    """

    edit: AlbumEdit
    groups: list[AlbumGroup]
    gone: list[int]
    last_edit: AlbumEdit | None


class Thumbnail(_Shape):
    """A small JPEG of a face in base64; null where none was kept."""

    reference_id: int
    jpeg: str | None


class Thumbnails(_Shape):
    """The small pictures of the faces that were asked for, in their order."""

    thumbnails: list[Thumbnail]


class EditOptions(BodyOptions):
    """What every edit may say beside itself.

    ``seen``: the versions of groups as they were when the person decided; if one has changed
    since, nothing is edited (409). ``faces``: how many faces of each group to return.
    """

    seen: dict[Number, Version] = Field(default={}, max_length=100)
    faces: int = Field(default=0, ge=0, le=500)
    reason: str = Field(default="", max_length=500)


class MergeOptions(EditOptions):
    """Put the faces of ``other`` into ``into``, whose name wins if both have one."""

    into: Number
    other: Number


class SplitOptions(EditOptions):
    """Make some faces of one group a person of their own."""

    reference_ids: list[Number] = Field(min_length=1, max_length=10_000)


class MoveOptions(SplitOptions):
    """Put faces of one group into another one; all of them: the groups are merged."""

    into: Number


class NameOptions(EditOptions):
    """Name a group; null takes the name away."""

    subject_id: Number
    name: Name | None


class ApartOptions(EditOptions):
    """Remember that two groups are two people."""

    one: Number
    other: Number


class UndoOptions(BodyOptions):
    """Take back the last edit; with ``edit_id`` only if that is the last one (else 409)."""

    edit_id: Number | None = None
    faces: int = Field(default=0, ge=0, le=500)
    reason: str = Field(default="", max_length=500)
