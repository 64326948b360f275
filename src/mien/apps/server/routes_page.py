"""The page: plain files, served as they are, under a policy that lets nothing else in."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)
_FILES = {path.name: path for path in (Path(__file__).parent / "page").iterdir() if path.is_file()}
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' blob:; media-src 'self' blob:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


@router.get("/")
async def page() -> FileResponse:
    """The one document of the page."""
    return await part("index.html")


@router.get("/page/{name}")
async def part(name: str) -> FileResponse:
    """One of its files; no other name reaches the disk."""
    if name not in _FILES:
        raise HTTPException(404)
    path = _FILES[name]
    return FileResponse(
        path,
        media_type=_TYPES.get(path.suffix, "image/svg+xml"),
        headers={
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "no-cache",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(self)",
        },
    )
