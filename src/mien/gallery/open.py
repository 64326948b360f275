"""Which store stands behind a path or a URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mien.errors import GalleryError, GalleryNotFoundError, InputError
from mien.gallery.database import FILE_NAME
from mien.gallery.protocol import Gallery

#: Module and what opens the store of each URL scheme; a path without a scheme is "file".
STORES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "file": ("mien.gallery.sqlite", "SqliteGallery"),
        "milvus": ("mien.gallery.milvus", "open_milvus"),
    }
)


def open_gallery(place: str | Path, *, create: bool = True, **options: Any) -> Gallery:
    """Open the gallery at a path or URL ("people/", "milvus://host:19530/people").

    ``create``: make a new gallery where nothing (or an empty folder) is. Other options are those
    of the store's class. Raises GalleryNotFoundError where there is none, GalleryError for a
    folder that holds something else.
    """
    scheme, rest = _split(place)
    module, name = STORES[scheme]
    if scheme == "file":
        _prepare_folder(Path(rest), create=create)
    else:
        options["create"] = create
    store: Callable[..., Gallery] = getattr(import_module(module), name)
    return store(rest, **options)


def _split(place: str | Path) -> tuple[str, str]:
    scheme, colon, rest = str(place).partition(":")
    # One letter is a Windows drive.
    if not colon or len(scheme) == 1 or Path(place).exists():
        return "file", str(place)
    if isinstance(place, Path) and scheme not in STORES:
        return "file", str(place)
    if scheme not in STORES:
        raise InputError(
            f"gallery {place!r}: got scheme {scheme!r}, expected a path or one of "
            + ", ".join(STORES)
        )
    return scheme, rest


def _prepare_folder(folder: Path, *, create: bool) -> None:
    if (folder / FILE_NAME).is_file():
        return
    if not create:
        raise GalleryNotFoundError(f"{folder}: holds no gallery")
    try:
        # Only its owner may look into a new gallery.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        other = next((path.name for path in folder.iterdir()), None)
    except OSError as error:
        raise GalleryError(f"{folder}: cannot hold a gallery: {error.strerror}") from error
    # A process that makes the same gallery at this moment may have put its files there.
    if other is not None and not (folder / FILE_NAME).is_file():
        raise GalleryError(
            f"{folder}: holds other files ({other} ...) and no gallery; name a new or empty folder"
        )
