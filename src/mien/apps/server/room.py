"""The gallery behind a server: opened when needed, noticed when it goes, opened again."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from mien.errors import (
    ConsentError,
    GalleryBusyError,
    GalleryConflictError,
    GalleryError,
    GalleryKeyError,
    GalleryMismatchError,
    GalleryNotFoundError,
)
from mien.gallery import Gallery
from mien.gallery.database import FILE_NAME

logger = logging.getLogger(__name__)
#: Errors that say something of the request, not that the gallery has gone.
_HARMLESS = (
    GalleryBusyError,
    GalleryConflictError,
    GalleryMismatchError,
    GalleryNotFoundError,
    GalleryKeyError,
    ConsentError,
)


class GalleryRoom:
    """Holds one open gallery; a folder that was removed or replaced is never written to.

    ``create``: make the gallery, or fail, now; else it is opened when it is first asked for.
    """

    def __init__(self, place: str | None, *, create: bool = True) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._gallery: Gallery | None = None
        self._file: tuple[int, int] | None = None
        if place is not None and create:
            self._gallery = Gallery.open(place)
            self._file = self._identity()

    def gallery(self) -> Gallery:
        """Return the gallery, open. Raises GalleryError when it is not there (any more)."""
        if self.place is None:
            raise GalleryNotFoundError("this server has no gallery: mien serve --gallery DIR")
        with self._lock:
            if self._gallery is not None and self._identity() != self._file:
                logger.error("gallery %s: was removed or replaced", self.place)
                self._let_go()
            if self._gallery is None:
                try:
                    self._gallery = Gallery.open(self.place, create=False)
                except GalleryNotFoundError as error:
                    raise GalleryError(f"gallery: is not there at the moment: {error}") from error
                self._file = self._identity()
            return self._gallery

    def failed(self, error: GalleryError) -> None:
        """Take note of an error: after one that is not the caller's doing, open anew."""
        if not isinstance(error, _HARMLESS):
            with self._lock:
                self._let_go()

    def close(self) -> None:
        """Close the gallery."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        gallery, self._gallery = self._gallery, None
        if gallery is not None:
            try:
                gallery.close()
            except GalleryError as error:
                logger.warning("gallery: could not be closed: %s", error)

    def _identity(self) -> tuple[int, int] | None:
        """Return which file the database is; ``None`` for a store without one."""
        assert self.place is not None
        path = Path(self.place.removeprefix("file:"))
        try:
            found = (path / FILE_NAME).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
