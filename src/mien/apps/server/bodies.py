"""Request bodies: pictures and options, as multipart form or as JSON with base64 or URLs."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import AsyncGenerator
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from mien.apps.server.failures import ClientGoneError, RequestError, TooLargeError, plain_problems
from mien.apps.server.fetching import fetch
from mien.apps.server.settings import Settings

_MOST_FILES, _MOST_FIELDS = 8, 64
_DATA_URI = re.compile(r"data:image/[a-z.+-]+;base64,")
Options = TypeVar("Options", bound="BodyOptions")


class BodyOptions(BaseModel):
    """What a request chooses beside its pictures; names that no route knows are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _InMemoryParser(MultiPartParser):
    # Pictures of people do not go to temporary files; the body's size is limited before.
    spool_max_size = 2**40


async def read_body(
    request: Request, options: type[Options], pictures: tuple[str, ...] = ("image",)
) -> tuple[list[bytes], Options]:
    """Return the encoded ``pictures`` and the options. Raises RequestError, TooLargeError."""
    settings: Settings = request.app.state.settings
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        found, rest = await _form(request, settings)
    elif kind == "application/json":
        found, rest = await _json(request, settings, pictures)
    else:
        raise RequestError(
            f"Content-Type: got {kind or 'none'!r}, expected multipart/form-data or "
            "application/json"
        )
    missing = [name for name in pictures if name not in found]
    if missing or len(found) > len(pictures):
        raise RequestError(
            f"pictures: got {', '.join(sorted(found)) or 'none'}, expected {', '.join(pictures)}"
        )
    return [found[name] for name in pictures], checked(options, rest)


async def read_options(request: Request) -> dict[str, Any]:
    """Return a JSON body, an object; nothing at all is an empty one. Raises RequestError."""
    if not request.headers.get("content-type") and request.headers.get("content-length") in (
        None,
        "0",
    ):
        return {}
    return await _object(request, request.app.state.settings)


def checked(options: type[Options], given: Any) -> Options:
    """Return the options that were given, typed. Raises RequestError."""
    try:
        return options.model_validate(given)
    except ValidationError as error:
        raise RequestError(
            "the options are not what the route asks for", details=plain_problems(error.errors())
        ) from error


async def _form(request: Request, settings: Settings) -> tuple[dict[str, bytes], dict[str, Any]]:
    body = await _body(request, settings)

    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await _InMemoryParser(
            request.headers, whole(), max_files=_MOST_FILES, max_fields=_MOST_FIELDS
        ).parse()
    except (MultiPartException, KeyError, ValueError, LookupError) as error:
        raise RequestError(f"multipart form: {getattr(error, 'message', error)}") from error
    try:
        return await _parts(form)
    finally:
        await form.close()


async def _parts(form: FormData) -> tuple[dict[str, bytes], dict[str, Any]]:
    pictures: dict[str, bytes] = {}
    rest: dict[str, Any] = {}
    for name, value in form.multi_items():
        if name in pictures or name in rest:
            raise RequestError(f"multipart form: field {name!r} stands there twice")
        if isinstance(value, UploadFile):
            pictures[name] = await value.read()
        else:
            rest[name] = value
    return pictures, rest


async def _json(
    request: Request, settings: Settings, pictures: tuple[str, ...]
) -> tuple[dict[str, bytes], dict[str, Any]]:
    document = await _object(request, settings)
    found = {
        name: await _picture(name, document.pop(name), settings)
        for name in pictures
        if name in document
    }
    return found, document


async def _object(request: Request, settings: Settings) -> dict[str, Any]:
    """Return the JSON object of a body."""
    try:
        document = json.loads(await _body(request, settings))
    except TooLargeError:
        raise
    except (ValueError, RecursionError) as error:
        raise RequestError(f"JSON: {error}") from error
    if not isinstance(document, dict):
        raise RequestError(f"JSON: got {type(document).__name__}, expected an object")
    return document


async def _picture(name: str, given: Any, settings: Settings) -> bytes:
    """Return the bytes behind ``{"base64": ...}``, ``{"url": ...}`` or a data URI."""
    if isinstance(given, str) and (header := _DATA_URI.match(given)):
        given = {"base64": given[header.end() :]}
    if not isinstance(given, dict) or len(given) != 1 or not {"base64", "url"} & set(given):
        raise RequestError(f'{name}: expected {{"base64": "..."}} or {{"url": "https://..."}}')
    ((how, text),) = given.items()
    if not isinstance(text, str):
        raise RequestError(f"{name}.{how}: got {type(text).__name__}, expected a string")
    if how == "url":
        return await fetch(text, settings)
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestError(f"{name}.base64: {error}") from error


async def _body(request: Request, settings: Settings) -> bytes:
    """Return the body, read only as long as it stays within the limit."""
    most = settings.max_upload_bytes
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > most:
        raise TooLargeError(f"body: announces {announced} bytes, expected at most {most}")
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > most:
                raise TooLargeError(f"body: is larger than {most} bytes")
    except ClientDisconnect as error:
        raise ClientGoneError("the client closed the connection while it sent") from error
    return bytes(body)


def body_docs(options: type[BodyOptions], pictures: tuple[str, ...] = ("image",)) -> dict[str, Any]:
    """Return what OpenAPI says of such a body, from the same options model that reads it."""
    schema = options.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("title", None)
    plain = schema.get("properties", {})
    required = [*pictures, *schema.get("required", ())]

    def body(picture: dict[str, Any]) -> dict[str, Any]:
        properties = dict.fromkeys(pictures, picture) | plain
        return {"schema": schema | {"properties": properties, "required": required}}

    encoded = {"type": "string", "format": "byte", "contentEncoding": "base64"}
    either = {
        "oneOf": [
            _object_of("base64", encoded),
            _object_of("url", {"type": "string", "format": "uri"}),
            {"type": "string", "pattern": f"^{_DATA_URI.pattern}"},
        ]
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": body({"type": "string", "format": "binary"}),
                "application/json": body(either),
            },
        }
    }


def options_docs(options: type[BodyOptions]) -> dict[str, Any]:
    """Return what OpenAPI says of a JSON body that ``read_options`` reads."""
    schema = options.model_json_schema(ref_template="#/components/schemas/{model}")
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


def _object_of(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: schema},
        "required": [name],
        "additionalProperties": False,
    }
