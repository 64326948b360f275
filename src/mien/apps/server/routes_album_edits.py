"""Routes that edit the album: merge, split, move, name, tell apart, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from mien.apps.server import schemas_album as schemas
from mien.apps.server.access import needs
from mien.apps.server.bodies import checked, options_docs, read_options
from mien.apps.server.routes_album import album_of, group_of, last_edit_of
from mien.apps.server.routes_pictures import engine_of
from mien.apps.server.routes_subjects import actor
from mien.errors import GalleryNotFoundError
from mien.gallery import Gallery
from mien.gallery.edit_log import LoggedEdit
from mien.gallery.sqlite import SqliteGallery
from mien.recognition import album

router = APIRouter(tags=["album"], dependencies=[needs("enrol")])
Who = album.Who


@router.post(
    "/v1/album/merge",
    response_model=schemas.AlbumEdited,
    openapi_extra=options_docs(schemas.MergeOptions),
    summary="Two groups are one person",
)
async def merge(request: Request) -> JSONResponse:
    """Refused when ``other`` has an external id or a consent: merge the other way round."""
    given = checked(schemas.MergeOptions, await read_options(request))
    return await _edit(
        request, given, lambda kept, who: album.merge(kept, given.into, given.other, **who)
    )


@router.post(
    "/v1/album/split",
    response_model=schemas.AlbumEdited,
    openapi_extra=options_docs(schemas.SplitOptions),
    summary="Some faces of a group are another person",
)
async def split(request: Request) -> JSONResponse:
    """They become a new group without a name."""
    given = checked(schemas.SplitOptions, await read_options(request))
    return await _edit(
        request, given, lambda kept, who: album.split(kept, given.reference_ids, **who)
    )


@router.post(
    "/v1/album/move",
    response_model=schemas.AlbumEdited,
    openapi_extra=options_docs(schemas.MoveOptions),
    summary="Some faces of a group belong to another group",
)
async def move(request: Request) -> JSONResponse:
    """Clustering anew never puts them back."""
    given = checked(schemas.MoveOptions, await read_options(request))
    return await _edit(
        request, given, lambda kept, who: album.move(kept, given.reference_ids, given.into, **who)
    )


@router.post(
    "/v1/album/name",
    response_model=schemas.AlbumEdited,
    openapi_extra=options_docs(schemas.NameOptions),
    summary="Name a group",
)
async def name(request: Request) -> JSONResponse:
    """Can be undone; PATCH /v1/subjects/{subject_id} erases the old name for good."""
    given = checked(schemas.NameOptions, await read_options(request))
    return await _edit(
        request, given, lambda kept, who: album.name(kept, given.subject_id, given.name, **who)
    )


@router.post(
    "/v1/album/apart",
    response_model=schemas.AlbumEdited,
    openapi_extra=options_docs(schemas.ApartOptions),
    summary="Two groups are two people",
)
async def apart(request: Request) -> JSONResponse:
    """They are not asked about again, and clustering never joins them."""
    given = checked(schemas.ApartOptions, await read_options(request))
    return await _edit(
        request, given, lambda kept, who: album.tell_apart(kept, given.one, given.other, **who)
    )


@router.post(
    "/v1/album/undo",
    response_model=schemas.AlbumEdited,
    openapi_extra=options_docs(schemas.UndoOptions),
    summary="Take back the last edit",
)
async def undo(request: Request) -> JSONResponse:
    """Again for the one before it. Faces that were moved or erased since stay so."""
    given = checked(schemas.UndoOptions, await read_options(request))

    def work(gallery: Gallery) -> dict[str, Any]:
        kept = album_of(gallery)
        last = album.undo(kept, expected=given.edit_id, actor=actor(request), reason=given.reason)
        return _outcome(kept, last, given.faces)

    return JSONResponse(await engine_of(request).ask(work))


async def _edit(
    request: Request,
    given: schemas.EditOptions,
    make: Callable[[SqliteGallery, Who], int],
) -> JSONResponse:
    who: Who = {"actor": actor(request), "reason": given.reason, "seen": given.seen}

    def work(gallery: Gallery) -> dict[str, Any]:
        kept = album_of(gallery)
        number = make(kept, who)
        made = next(edit for edit in reversed(kept.edits()) if edit.edit_id == number)
        return _outcome(kept, made, given.faces)

    return JSONResponse(await engine_of(request).ask(work))


def _outcome(kept: SqliteGallery, edit: LoggedEdit, faces: int) -> dict[str, Any]:
    groups, gone = [], []
    for number in sorted(edit.change.subject_ids):
        try:
            group = kept.group(number, faces=faces)
        except GalleryNotFoundError:
            gone.append(number)
            continue
        if group.size or group.subject.is_somebody:
            groups.append(group_of(group))
        else:
            gone.append(number)
    return {
        "edit": edit.to_dict(),
        "groups": groups,
        "gone": gone,
        "last_edit": last_edit_of(kept),
    }
