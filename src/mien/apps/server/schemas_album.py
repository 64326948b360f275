"""The shapes of the album's questions, edits and answers, with an example of each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mien.apps.server.bodies import BodyOptions

#: SQLite's largest row number.
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Version = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


def _shown(**example: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [example]})


_VERSION = "5d3c1f7a9e20b466"
_FACE = {
    "reference_id": 12,
    "source": "photos/party.jpg",
    "face_index": 0,
    "box": [210.5, 80.0, 290.25, 190.0],
    "quality": 71.5,
    "has_crop": True,
}
_GROUP = {
    "subject_id": 3,
    "name": "Ada",
    "external_id": None,
    "has_consent": False,
    "size": 41,
    "version": _VERSION,
    "faces": [_FACE],
    "next": 12,
}
_EDIT = {
    "edit_id": 8,
    "at": "2026-05-04T10:11:12+00:00",
    "actor": "key:1a2b3c4d",
    "kind": "move",
    "groups": [3, 7],
    "moved": [12, 40],
    "names": [],
}


class AlbumFace(BaseModel):
    """One face; ``has_crop``: a small picture of it was kept, see its thumbnail."""

    model_config = _shown(**_FACE)
    reference_id: int
    source: str | None
    face_index: int
    box: list[float] | None
    quality: float | None
    has_crop: bool


class AlbumGroup(BaseModel):
    """A person with some of the faces; ``next`` is the ``after`` of the person's next faces.

    ``version`` changes with the faces and the name: send it back as ``seen`` when you edit.
    """

    model_config = _shown(**_GROUP)
    subject_id: int
    name: str | None
    external_id: str | None
    has_consent: bool
    size: int
    version: str
    faces: list[AlbumFace]
    next: int | None


class NameChange(BaseModel):
    """The name of one group before and after an edit."""

    model_config = ConfigDict(extra="forbid")
    group: int
    before: str | None
    after: str | None


class AlbumEdit(BaseModel):
    """One edit that can be undone, and the groups that it speaks of."""

    model_config = _shown(**_EDIT)
    edit_id: int
    at: str
    actor: str
    kind: Literal["merge", "split", "move", "name", "apart"]
    groups: list[int]
    moved: list[int]
    names: list[NameChange]


class AlbumGroups(BaseModel):
    """One page of people, most faces first.

    ``next`` is the ``after`` of the next page; ``n_groups`` and ``n_faces`` count all of them;
    ``last_edit`` is what undo takes back; ``keeps_crops``: this gallery can keep pictures of faces.
    """

    model_config = _shown(
        groups=[_GROUP], next="41-3", n_groups=812, n_faces=5012, last_edit=_EDIT, keeps_crops=True
    )
    groups: list[AlbumGroup]
    next: str | None
    n_groups: int
    n_faces: int
    last_edit: AlbumEdit | None
    keeps_crops: bool


class AskedFace(AlbumFace):
    """A face of a question, and whose it is at the moment."""

    model_config = _shown(**_FACE, subject_id=3)
    subject_id: int


class AlbumQuestion(BaseModel):
    """Are these two groups one person? A yes moves ``moves`` faces.

    ``strength``: how strongly the groups are linked, 0 to 1; no probability.
    """

    model_config = ConfigDict(extra="forbid")
    left: AskedFace
    right: AskedFace
    strength: float
    moves: int


class AlbumQuestions(BaseModel):
    """The questions whose answers help most, best first."""

    model_config = ConfigDict(extra="forbid")
    questions: list[AlbumQuestion]


class AlbumEdits(BaseModel):
    """The edits that can be undone, oldest first."""

    model_config = _shown(edits=[_EDIT])
    edits: list[AlbumEdit]


class AlbumEdited(BaseModel):
    """What was edited or taken back, and the groups as they are now.

    ``gone``: groups that have no faces any more; ``last_edit``: what the next undo takes back.
    """

    model_config = _shown(edit=_EDIT, groups=[_GROUP], gone=[7], last_edit=_EDIT)
    edit: AlbumEdit
    groups: list[AlbumGroup]
    gone: list[int]
    last_edit: AlbumEdit | None


class Thumbnail(BaseModel):
    """A small JPEG of a face in base64; null where none was kept."""

    model_config = _shown(reference_id=12, jpeg="/9j/4AAQSkZJRg...")
    reference_id: int
    jpeg: str | None


class Thumbnails(BaseModel):
    """The small pictures of the faces that were asked for, in their order."""

    model_config = ConfigDict(extra="forbid")
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

    model_config = _shown(into=3, other=7, seen={"3": _VERSION, "7": "90ab12cd34ef5678"})
    into: Number
    other: Number


class SplitOptions(EditOptions):
    """Make some faces of one group a person of their own."""

    model_config = _shown(reference_ids=[12, 40], seen={"3": _VERSION})
    reference_ids: list[Number] = Field(min_length=1, max_length=10_000)


class MoveOptions(SplitOptions):
    """Put faces of one group into another one; all of them: the groups are merged."""

    model_config = _shown(reference_ids=[12, 40], into=7, seen={"3": _VERSION})
    into: Number


class NameOptions(EditOptions):
    """Name a group; null takes the name away."""

    model_config = _shown(subject_id=3, name="Ada", seen={"3": _VERSION})
    subject_id: Number
    name: Name | None


class ApartOptions(EditOptions):
    """Remember that two groups are two people."""

    model_config = _shown(one=3, other=7)
    one: Number
    other: Number


class UndoOptions(BodyOptions):
    """Take back the last edit; with ``edit_id`` only if that is the last one (else 409)."""

    model_config = _shown(edit_id=8)
    edit_id: Number | None = None
    faces: int = Field(default=0, ge=0, le=500)
    reason: str = Field(default="", max_length=500)
