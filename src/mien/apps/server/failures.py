"""Errors in one shape: ``{"error": {"code", "message", "details"}, "request_id"}``."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from mien import errors
from mien.errors import MienError

logger = logging.getLogger(__name__)


class RequestError(errors.InputError):
    """A request's body or parameters are not what the route asks for."""

    def __init__(self, message: str, *, details: object = None) -> None:
        super().__init__(message)
        self.details = details


class TooLargeError(errors.InputError):
    """A request's body is larger than the server takes."""


class UnknownKeyError(errors.AccessError):
    """The request carries no key, or one that the server does not know."""


class ScopeError(errors.AccessError):
    """The key does not allow what was asked."""


class CrossOriginError(errors.AccessError):
    """Another site's page sent the request."""


class RateError(MienError, RuntimeError):
    """The key has used up its requests of this minute."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoAlbumError(MienError, NotImplementedError):
    """The gallery's store cannot be worked on as an album."""


class UnfinishedError(MienError, RuntimeError):
    """A job has not ended, and what was asked for comes with its end."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ClientGoneError(MienError, ConnectionError):
    """The client closed the connection; there is nobody to answer."""


class RestartingError(MienError, RuntimeError):
    """The inference process has gone and starts again; ``retry_after_s``: when to ask again."""

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


#: Status and code of each error; a class that is not here takes those of its nearest ancestor.
STATUS: Mapping[type[Exception], tuple[int, str]] = MappingProxyType(
    {
        errors.MienError: (500, "internal"),
        errors.InputError: (422, "invalid_request"),
        TooLargeError: (413, "too_large"),
        errors.ImageReadError: (422, "unreadable_image"),
        errors.ImageTooLargeError: (413, "image_too_large"),
        errors.VideoReadError: (422, "unreadable_video"),
        errors.NoFaceError: (422, "no_face"),
        errors.SeveralFacesError: (422, "several_faces"),
        errors.TemplateMismatchError: (409, "template_mismatch"),
        errors.ModelError: (422, "model_unusable"),
        errors.MissingExtraError: (501, "not_installed"),
        NoAlbumError: (501, "no_album"),
        errors.GalleryError: (503, "gallery_unavailable"),
        errors.GalleryMismatchError: (409, "gallery_mismatch"),
        errors.GalleryNotFoundError: (404, "not_found"),
        errors.GalleryConflictError: (409, "conflict"),
        errors.ConsentError: (409, "opted_out"),
        errors.BusyError: (429, "busy"),
        UnfinishedError: (409, "unfinished"),
        ClientGoneError: (499, "client_gone"),
        RestartingError: (503, "restarting"),
        RateError: (429, "rate_limited"),
        UnknownKeyError: (401, "unauthorized"),
        ScopeError: (403, "forbidden"),
        CrossOriginError: (403, "cross_origin"),
    }
)


def status_of(error: Exception) -> tuple[int, str]:
    """Return HTTP status and error code of an error that mien raises."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def failure(
    request: Request,
    status: int,
    code: str,
    message: str,
    *,
    details: object = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the one shape of a failed request."""
    request.state.error_code = code
    body = {
        "error": {"code": code, "message": message, "details": details},
        "request_id": getattr(request.state, "request_id", None),
    }
    return JSONResponse(body, status, headers=dict(headers or {}))


def answer_failures(app: FastAPI) -> None:
    """Answer every error in the one shape."""
    app.add_exception_handler(MienError, _mien)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _unforeseen)


async def _mien(request: Request, error: Exception) -> JSONResponse:
    status, code = status_of(error)
    headers: dict[str, str] = {}
    seconds = getattr(error, "retry_after_s", 1.0 if status == 503 else None)
    if seconds is not None:
        headers["Retry-After"] = str(max(1, math.ceil(seconds)))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status >= 500:
        logger.error("%s: %s", type(error).__name__, error)
    details = getattr(error, "details", None)
    return failure(request, status, code, str(error), details=details, headers=headers)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed", 400: "invalid_request"}
    code = codes.get(error.status_code, "http_error")
    return failure(request, error.status_code, code, str(error.detail), headers=error.headers or {})


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return failure(
        request,
        422,
        "invalid_request",
        "the request's parameters are not what the route asks for",
        details=plain_problems(error.errors()),
    )


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    logger.error("unforeseen failure", exc_info=error)
    return failure(request, 500, "internal", "the server failed; its log has the request_id")


def plain_problems(problems: Any) -> list[dict[str, str]]:
    """Return where and what is wrong, without repeating what was sent."""
    return [
        {"where": ".".join(map(str, problem["loc"])), "what": str(problem["msg"])}
        for problem in problems
    ]
