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
    path = Path(path)
    replaces = path.is_file() or not path.exists()
    target = path.with_name(f".{path.name}.{os.getpid()}.part") if replaces else path
    try:
        file = target.open("w", encoding="utf-8", newline=newline, errors="backslashreplace")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        with file:
            yield file
        if replaces:
            target.replace(path)
    finally:
        if replaces:
            target.unlink(missing_ok=True)
