"""Messages between the processes of a server: a line of JSON and raw arrays, never pickles.

A message is ``<length of the header> <length of the body>`` (two unsigned 64-bit numbers), the
header as JSON, the body as bytes. Whoever reads builds nothing but the result types named here.
"""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from mien.errors import InputError
from mien.types import Analysis, Attribute, Boxes, Faces, Landmarks, Templates
from mien.types.analysis import Failure

_SIZES = struct.Struct("<QQ")
_MOST_HEADER, _MOST_BODY = 2**26, 2**33
_KINDS = {
    kind.__name__: kind
    for kind in (Analysis, Faces, Boxes, Landmarks, Attribute, Templates, Failure)
}
#: What marks an object of JSON as an array, a tuple, or a result type.
_ARRAY, _TUPLE, _KIND = "array", "tuple", "kind"
Header = dict[str, Any]
Bytes = bytes | bytearray | memoryview


def send(line: socket.socket, header: Header, *bodies: Bytes) -> None:
    """Send one message; the bodies are joined."""
    text = json.dumps(header, separators=(",", ":")).encode()
    size = sum(memoryview(body).nbytes for body in bodies)
    line.sendall(_SIZES.pack(len(text), size) + text)
    for body in bodies:
        line.sendall(body)


def receive(line: socket.socket) -> tuple[Header, bytearray]:
    """Return the next message. Raises EOFError at the end of the line, InputError for none."""
    n_header, n_body = _SIZES.unpack(_exactly(line, _SIZES.size))
    if n_header > _MOST_HEADER or n_body > _MOST_BODY:
        raise InputError(f"message: announces {n_header} and {n_body} bytes")
    header = json.loads(_exactly(line, n_header))
    return header, _exactly(line, n_body)


def _exactly(line: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        n = line.recv_into(view[got:])
        if n == 0:
            raise EOFError("the other process closed the line")
        got += n
    return data


def packed(analysis: Analysis) -> tuple[Any, list[bytes]]:
    """Return an analysis as plain values for a header, and the arrays for the body, in order."""
    arrays: list[bytes] = []
    return _plain(analysis, arrays), arrays


def unpacked(plain: Any, body: Bytes) -> Analysis:
    """Return the analysis that ``packed`` took apart. Raises InputError for anything else."""
    analysis, _ = _built(plain, memoryview(body), 0)
    if not isinstance(analysis, Analysis):
        raise InputError(f"message: got {type(analysis).__name__}, expected an Analysis")
    return analysis


def _plain(value: Any, arrays: list[bytes]) -> Any:
    if isinstance(value, np.ndarray):
        arrays.append(value.tobytes())
        return {_ARRAY: value.dtype.str, "shape": list(value.shape)}
    if is_dataclass(value) and type(value).__name__ in _KINDS:
        parts = {one.name: _plain(getattr(value, one.name), arrays) for one in fields(value)}
        return {_KIND: type(value).__name__, "of": parts}
    if isinstance(value, Mapping):
        return {"of": {name: _plain(item, arrays) for name, item in value.items()}}
    if isinstance(value, tuple):
        return {_TUPLE: [_plain(item, arrays) for item in value]}
    return value


def _built(plain: Any, body: memoryview, at: int) -> tuple[Any, int]:
    """Return the value, and where the arrays after it begin."""
    if not isinstance(plain, dict):
        return plain, at
    if _ARRAY in plain:
        kind = np.dtype(plain[_ARRAY])
        if kind.hasobject:
            raise InputError(f"message: got an array of {kind}")
        count = int(np.prod(plain["shape"], dtype=np.int64))
        array = np.frombuffer(body, kind, count, at) if count else np.zeros(0, kind)
        return array.reshape(plain["shape"]), at + count * kind.itemsize
    if _TUPLE in plain:
        items = []
        for item in plain[_TUPLE]:
            value, at = _built(item, body, at)
            items.append(value)
        return tuple(items), at
    parts = {}
    for name, item in plain["of"].items():
        parts[name], at = _built(item, body, at)
    return (_KINDS[plain[_KIND]](**parts) if _KIND in plain else parts), at
