"""Lists of byte strings and flags out of a pickle file, read without running the pickle.

Unpickling runs code that the file chooses. Here its opcodes are listed by ``pickletools`` and a
small stack machine builds bytes, text, numbers, flags, lists, tuples and one-dimensional uint8
arrays from them; any other opcode or name is refused.
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mien.errors import DatasetError

_PUSHED = frozenset(
    [
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "BINUNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE8",
        "UNICODE",
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
    ]
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_RECONSTRUCT = frozenset(
    {"numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct"}
)
_SCALAR = frozenset({"numpy.core.multiarray scalar", "numpy._core.multiarray scalar"})
_BUFFER = frozenset({"numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer"})
_NAMES = _RECONSTRUCT | _SCALAR | _BUFFER | {"numpy ndarray", "numpy dtype", "_codecs encode"}


@dataclass(slots=True)
class _Named:
    """A name of another module, maybe called with ``args`` and given a ``state``; never run."""

    name: str
    args: tuple[Any, ...] | None = None
    state: Any = None


@dataclass(slots=True)
class _Machine:
    stack: list[Any] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def step(self, opcode: str, argument: Any) -> None:
        """Apply one opcode. Raises ValueError, IndexError, KeyError, TypeError."""
        if opcode in _PUSHED:
            self.stack.append(argument)
        elif opcode in ("BINSTRING", "SHORT_BINSTRING", "STRING"):
            self.stack.append(argument.encode("latin-1"))
        elif opcode in _CONSTANTS:
            self.stack.append(_CONSTANTS[opcode])
        elif opcode in ("GLOBAL", "STACK_GLOBAL", "REDUCE", "BUILD"):
            self._name(opcode, argument)
        elif "PUT" in opcode or opcode == "MEMOIZE":
            self.memo[len(self.memo) if argument is None else argument] = self.stack[-1]
        elif opcode in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif opcode not in ("PROTO", "FRAME", "STOP"):
            self._collect(opcode)

    def _collect(self, opcode: str) -> None:
        if opcode == "EMPTY_LIST":
            self.stack.append([])
        elif opcode == "MARK":
            self.marks.append(len(self.stack))
        elif opcode == "APPEND":
            self._list_below(self._pop(1))
        elif opcode == "APPENDS":
            self._list_below(self._pop_marked())
        elif opcode in ("LIST", "TUPLE"):
            values = self._pop_marked()
            self.stack.append(values if opcode == "LIST" else tuple(values))
        elif opcode in ("TUPLE1", "TUPLE2", "TUPLE3"):
            self.stack.append(tuple(self._pop(int(opcode[-1]))))
        else:
            raise ValueError(f"opcode {opcode} is not one of a list of pictures")

    def _name(self, opcode: str, argument: Any) -> None:
        if opcode in ("GLOBAL", "STACK_GLOBAL"):
            name = argument if opcode == "GLOBAL" else " ".join(map(str, self._pop(2)))
            if name not in _NAMES:
                raise ValueError(f"it asks for {name!r}, which no list of pictures needs")
            self.stack.append(_Named(name))
        elif opcode == "REDUCE":
            named, args = self._pop(2)
            self.stack.append(_Named(named.name, tuple(args)))
        else:
            (state,) = self._pop(1)
            self.stack[-1].state = state

    def _list_below(self, values: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise TypeError("appends to what is no list")
        self.stack[-1].extend(values)

    def _pop_marked(self) -> list[Any]:
        return self._pop(len(self.stack) - self.marks.pop())

    def _pop(self, count: int) -> list[Any]:
        if not 0 <= count <= len(self.stack):
            raise IndexError("takes more than there is")
        start = len(self.stack) - count
        values = self.stack[start:]
        del self.stack[start:]
        return values


def read_plain_pickle(path: Path) -> Any:
    """Return what the file holds: bytes, str, int, bool, list and tuple. Raises DatasetError.

    Arrays and scalars of numpy inside are left to ``as_bytes`` and ``as_flag``.
    """
    machine, place = _Machine(), 0
    try:
        for opcode, argument, position in pickletools.genops(path.read_bytes()):
            place = position or 0
            machine.step(opcode.name, argument)
        return machine.stack[-1]
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DatasetError(
            f"{path}: byte {place}: is no plain pickle of pictures: {error}"
        ) from error
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read: {error.strerror}") from error


def as_bytes(value: Any) -> bytes | None:
    """Return bytes, or the content of a pickled uint8 array of one dimension; else ``None``."""
    try:
        return _bytes(value)
    # Calls and states may have any shape, and may hold themselves.
    except (ValueError, TypeError, RecursionError):
        return None


def as_flag(value: Any) -> bool | None:
    """Return a bool, from 0 and 1 and pickled numpy bools too; else ``None``."""
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, _Named) and value.name in _SCALAR and len(value.args or ()) == 2:
        dtype, content = value.args or ()
        return as_bytes(content) == b"\x01" if _is(dtype, "b1") else None
    return None


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if not isinstance(value, _Named) or value.args is None:
        return None
    if value.name == "_codecs encode":
        text, encoding = value.args
        plain = isinstance(text, str) and encoding in ("latin1", "latin-1")
        return text.encode("latin-1") if plain else None
    if value.name in _BUFFER:
        content, dtype, shape = value.args[:3]
    elif value.name in _RECONSTRUCT:
        _, shape, dtype, _, content = value.state
    else:
        return None
    return _bytes(content) if _is(dtype, "u1") and len(shape) == 1 else None


def _is(dtype: Any, kind: str) -> bool:
    named = isinstance(dtype, _Named) and dtype.name == "numpy dtype" and bool(dtype.args)
    return named and dtype.args[0] in (kind, kind.encode())
