"""Which files of the given paths are pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

from mien.errors import ImageNotFoundError

#: Suffixes, lower case, that a folder is searched for.
IMAGE_SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"),
        *(".ppm", ".pgm", ".heic", ".heif", ".avif"),
    }
)


#: The same of videos.
VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".mts", ".3gp", ".wmv"}
)


def find_images(
    paths: str | Path | Iterable[str | Path], *, suffixes: Set[str] = IMAGE_SUFFIXES
) -> Iterator[Path]:
    """Yield each file that was named, and every picture below each folder, sorted by name.

    ``suffixes``: of what is a picture. Named files are taken whatever their suffix. Hidden files
    and folders inside folders are left out. Raises ImageNotFoundError for a folder or file that is
    not there.
    """
    if isinstance(paths, str | Path):
        paths = [paths]
    for path in map(Path, paths):
        if path.is_dir():
            yield from _below(path, suffixes)
        elif path.exists():
            yield path
        else:
            raise ImageNotFoundError(f"{path}: no such file or folder")


def _below(folder: Path, suffixes: Set[str]) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                yield Path(root, name)
