"""Write a file so that it appears whole under its name, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mien.errors import InputError


@contextmanager
def whole_file(path: str | Path, *, newline: str | None = None) -> Iterator[IO[str]]:
    """Open a UTF-8 text file for writing that replaces ``path`` when the block ends well.

    Lone surrogates (from undecodable file names) are written as backslash escapes. A device or a
    pipe is written directly. Raises InputError where the folder is missing or not writable.
    """
    with whole_path(path) as target:
        try:
            file = target.open("w", encoding="utf-8", newline=newline, errors="backslashreplace")
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}") from error
        with file:
            yield file


@contextmanager
def whole_path(path: str | Path) -> Iterator[Path]:
    """Yield where to write what replaces ``path`` when the block ends well, else is removed.

    A device or a pipe is written directly.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield target
        target.replace(path)
    finally:
        target.unlink(missing_ok=True)
