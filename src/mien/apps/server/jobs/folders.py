"""Folders of the server that jobs may read, and reading a picture without leaving them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mien.errors import ImageNotFoundError, ImageReadError, ImageTooLargeError, InputError

#: A file that is larger is no picture anybody would want decoded here.
_MOST_BYTES = 2**29
_FOLLOW_NOT = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0)


class Roots:
    """The allowed folders (``mien serve --jobs-root``), none unless named.

    Raises InputError for one that is not there.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        self.folders = tuple(_resolved(folder) for folder in folders)

    def folder(self, asked: str) -> Path:
        """Return the folder behind an absolute path, or a path below one of the roots.

        Raises InputError alike for what leads outside and for what is not there.
        """
        return self._found("folder", asked, Path.is_dir)

    def file(self, asked: str) -> Path:
        """Return the regular file behind such a path, as ``folder`` does."""
        return self._found("file", asked, Path.is_file)

    def read(self, path: Path) -> bytes:
        """Return the bytes of a picture file. Raises ImageReadError, also where a link leads out.

        The file that was checked is the one that is read, also when links are changed meanwhile.
        """
        with self.opened(path) as file:
            n_bytes = os.fstat(file).st_size
            if n_bytes > _MOST_BYTES:
                raise ImageTooLargeError(f"{path}: has {n_bytes:,} bytes")
            try:
                with os.fdopen(file, "rb", closefd=False) as content:
                    return content.read()
            except OSError as error:
                raise ImageReadError(f"{path}: cannot be read: {error.strerror}") from error

    @contextmanager
    def opened(self, path: Path) -> Iterator[int]:
        """Give a regular file's descriptor, for reading, for a while; raises as ``read`` does."""
        file = self._open(path)
        try:
            yield file
        finally:
            os.close(file)

    def _open(self, path: Path) -> int:
        try:
            found = path.resolve(strict=True)
            root = self._root_of(found)
            if root is None:
                raise ImageReadError(f"{path}: leads out of the folders that this server allows")
            file = _opened(root, found.relative_to(root).parts)
            if stat.S_ISREG(os.fstat(file).st_mode):
                return file
            os.close(file)
            raise ImageReadError(f"{path}: is no regular file")
        except FileNotFoundError as error:
            raise ImageNotFoundError(f"{path}: no such file") from error
        except OSError as error:
            raise ImageReadError(f"{path}: cannot be read: {error.strerror}") from error

    def _found(self, what: str, asked: str, fits: Callable[[Path], bool]) -> Path:
        if not self.folders:
            raise InputError(f"{what}: this server allows none; mien serve --jobs-root DIR")
        for root in self.folders:
            try:
                found = (root / asked).resolve()
                if self._root_of(found) is not None and fits(found):
                    return found
            except (OSError, ValueError):
                continue  # a name that cannot be
        raise InputError(
            f"{what}: is no {what} below a folder that this server allows"
            " (mien serve --jobs-root DIR)"
        )

    def _root_of(self, path: Path) -> Path | None:
        return next((root for root in self.folders if path.is_relative_to(root)), None)


def below(folder: Path, text: str) -> str:
    """Return a text that names files below a folder without saying where the folder is."""
    return readable(text.replace(f"{folder}{os.sep}", ""))


def readable(text: str) -> str:
    """Return what UTF-8 can hold: undecodable file names become backslash escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _opened(root: Path, parts: tuple[str, ...]) -> int:
    """Open a file step by step, following no link. A pipe is opened without waiting for it."""
    flags = os.O_RDONLY | _FOLLOW_NOT | getattr(os, "O_NONBLOCK", 0)
    if os.open not in os.supports_dir_fd:
        return os.open(root.joinpath(*parts), flags)
    at = os.open(root, os.O_RDONLY | _FOLDER)
    for step, name in enumerate(parts):
        last = step == len(parts) - 1
        try:
            below = os.open(name, flags if last else os.O_RDONLY | _FOLDER | _FOLLOW_NOT, dir_fd=at)
        finally:
            os.close(at)
        at = below
    return at


def _resolved(folder: Path) -> Path:
    try:
        found = folder.resolve(strict=True)
    except OSError as error:
        raise InputError(f"--jobs-root {folder}: {error.strerror}") from error
    if not found.is_dir():
        raise InputError(f"--jobs-root {folder}: is no folder")
    return found
