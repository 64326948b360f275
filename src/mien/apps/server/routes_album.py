"""Routes that show the album: people with their faces, thumbnails, questions, the log of edits."""

from __future__ import annotations

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from mien.apps.server import schemas_album as schemas
from mien.apps.server.access import needs
from mien.apps.server.failures import NoAlbumError, RequestError
from mien.apps.server.routes_pictures import engine_of
from mien.errors import GalleryNotFoundError
from mien.gallery import Gallery, Reference
from mien.gallery.groups import Group
from mien.gallery.sqlite import SqliteGallery
from mien.recognition.kept import thumbnail

router = APIRouter(tags=["album"], dependencies=[needs("search")])
Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Faces = Annotated[int, Query(ge=0, le=500, description="Faces of each person.")]
SizePx = Annotated[int, Query(ge=16, le=256, description="Width and height.")]
_JPEG = {"schema": {"type": "string", "format": "binary"}}
#: Pictures of people stay in no cache, neither of a proxy nor of a browser.
_PRIVATE = {"Cache-Control": "private, no-store"}


@router.get(
    "/v1/album/groups",
    response_model=schemas.AlbumGroups,
    summary="The people with their faces, a page at a time",
)
async def groups(
    request: Request,
    after: Annotated[
        str | None, Query(pattern=r"^\d{1,18}-\d{1,18}$", description="``next`` of the last page.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    faces: Faces = 24,
    name: Annotated[
        str | None, Query(max_length=200, description="Only people whose name has this in it.")
    ] = None,
) -> JSONResponse:
    """Most faces first."""
    start = None if after is None else _place(after)

    def look(gallery: Gallery) -> dict[str, Any]:
        kept = album_of(gallery)
        page = kept.groups(after=start, n=limit, faces=faces, named=name)
        return {
            "groups": [group_of(group) for group in page.groups],
            "next": None if page.next is None else "{}-{}".format(*page.next),
            "n_groups": page.n_groups,
            "n_faces": page.n_faces,
            "last_edit": last_edit_of(kept),
            "keeps_crops": kept.encrypted,
        }

    return JSONResponse(await engine_of(request).ask(look))


@router.get(
    "/v1/album/groups/{subject_id}",
    response_model=schemas.AlbumGroup,
    summary="One person with the next faces",
)
async def group(
    request: Request,
    subject_id: Number,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    faces: Faces = 100,
) -> JSONResponse:
    """By rising ``reference_id``, beginning after ``after``."""

    def look(gallery: Gallery) -> dict[str, Any]:
        return group_of(album_of(gallery).group(subject_id, after=after, faces=faces))

    return JSONResponse(await engine_of(request).ask(look))


@router.get(
    "/v1/album/questions",
    response_model=schemas.AlbumQuestions,
    summary="Which people may be the same: what to ask a person",
)
async def questions(
    request: Request, most: Annotated[int, Query(ge=1, le=100)] = 20
) -> JSONResponse:
    """Answer with merge or apart.

    Compares all faces: some seconds for thousands. 429 while another request does so.
    """
    engine = engine_of(request)

    def look(gallery: Gallery) -> list[dict[str, Any]]:
        kept = album_of(gallery)
        return [
            {
                "left": _face(kept, left) | {"subject_id": left.subject_id},
                "right": _face(kept, right) | {"subject_id": right.subject_id},
                "strength": round(question.strength, 4),
                "moves": question.moves,
            }
            for question, left, right in engine.questions.ask(kept, most)
        ]

    return JSONResponse({"questions": await engine.ask(look)})


@router.get("/v1/album/edits", response_model=schemas.AlbumEdits, summary="What can be undone")
async def edits(
    request: Request, limit: Annotated[int, Query(ge=1, le=10_000)] = 100
) -> JSONResponse:
    """The newest ``limit`` edits, oldest first."""

    def look(gallery: Gallery) -> list[dict[str, Any]]:
        return [edit.to_dict() for edit in album_of(gallery).edits()[-limit:]]

    return JSONResponse({"edits": await engine_of(request).ask(look)})


@router.get(
    "/v1/album/thumbnails",
    response_model=schemas.Thumbnails,
    summary="Small pictures of several faces",
)
async def thumbnails(
    request: Request,
    reference_id: Annotated[
        list[Annotated[int, Query(ge=1, le=2**63 - 1)]], Query(min_length=1, max_length=100)
    ],
    size_px: SizePx = 112,
) -> JSONResponse:
    """Null for a face of which none was kept, or that is not there."""

    def look(gallery: Gallery) -> list[dict[str, Any]]:
        kept = album_of(gallery)
        found = [(number, kept.crop(number)) for number in reference_id]
        return [
            {
                "reference_id": number,
                "jpeg": None
                if crop is None
                else base64.b64encode(thumbnail(crop, size_px)).decode(),
            }
            for number, crop in found
        ]

    found = await engine_of(request).ask(look)
    return JSONResponse({"thumbnails": found}, headers=_PRIVATE)


@router.get(
    "/v1/references/{reference_id}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": _JPEG}, "description": "A square JPEG."}},
    summary="A small picture of one face",
)
async def one_thumbnail(request: Request, reference_id: Number, size_px: SizePx = 112) -> Response:
    """404 where no picture of the face was kept."""

    def look(gallery: Gallery) -> bytes:
        crop = album_of(gallery).crop(reference_id)
        if crop is None:
            raise GalleryNotFoundError(
                f"reference {reference_id}: no picture of it was kept; mien enrol --keep-crops "
                "keeps them in an encrypted gallery"
            )
        return thumbnail(crop, size_px)

    picture = await engine_of(request).ask(look)
    return Response(picture, media_type="image/jpeg", headers=_PRIVATE)


def album_of(gallery: Gallery) -> SqliteGallery:
    """Return the gallery as one that can be worked on as an album. Raises NoAlbumError."""
    if not isinstance(gallery, SqliteGallery):
        raise NoAlbumError("album: only a gallery in a folder can be worked on as one")
    return gallery


def group_of(group: Group) -> dict[str, Any]:
    """Return a group as the answers show it."""
    subject = group.subject
    return {
        "subject_id": subject.subject_id,
        "name": subject.name,
        "external_id": subject.external_id,
        "has_consent": subject.consent is not None,
        "size": group.size,
        "version": group.version,
        "faces": [plain_face(f, f.reference_id in group.cropped) for f in group.faces],
        "next": group.next,
    }


def last_edit_of(gallery: SqliteGallery) -> dict[str, Any] | None:
    """Return the edit that undo takes back."""
    found = gallery.edits(last=True)
    return found[0].to_dict() if found else None


def plain_face(face: Reference, has_crop: bool) -> dict[str, Any]:
    """Return a face as the answers show it."""
    return {
        "reference_id": face.reference_id,
        "source": face.source,
        "face_index": face.face_index,
        "box": None if face.box is None else [round(side, 2) for side in face.box],
        "quality": None if face.quality is None else round(face.quality, 2),
        "has_crop": has_crop,
    }


def _face(gallery: SqliteGallery, face: Reference) -> dict[str, Any]:
    return plain_face(face, gallery.crop(face.reference_id) is not None)


def _place(after: str) -> tuple[int, int]:
    size, _, subject_id = after.partition("-")
    if int(subject_id) == 0:
        raise RequestError(f"after: got {after!r}, expected the next of an earlier page")
    return int(size), int(subject_id)
