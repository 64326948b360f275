"""Which pictures of a folder are new or changed, and written to their end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from mien.errors import ImageNotFoundError
from mien.io import find_images
from mien.video.watching.journal import Stamp


class Arrivals:
    """Finds what came into a folder between one look and the next.

    A picture counts as written when its size and time of change stayed the same for ``settle_s``.
    """

    def __init__(self, folder: Path, known: dict[str, Stamp], *, settle_s: float) -> None:
        """Store the arguments; ``known``: what was looked at already."""
        self.folder = folder
        self.settle_s = settle_s
        self._known = known
        self._settling: dict[str, tuple[Stamp, float]] = {}
        #: Whether the folder was there at the last look.
        self.is_there = True

    def look(self) -> Iterator[tuple[str, Stamp]]:
        """Yield each picture that is ready, with the state of its file, in order of names."""
        now_s = time.monotonic()
        settling: dict[str, tuple[Stamp, float]] = {}
        for path, stamp in self._stamps():
            if self._known.get(path) == stamp:
                continue
            before, since_s = self._settling.get(path, (None, now_s))
            if before != stamp:
                since_s = now_s
            if now_s - since_s >= self.settle_s and before == stamp:
                yield path, stamp
            else:
                settling[path] = (stamp, since_s)
        self._settling = settling

    def done(self, path: str, stamp: Stamp) -> None:
        """State that a picture was looked at."""
        self._known[path] = stamp

    def _stamps(self) -> Iterator[tuple[str, Stamp]]:
        try:
            for path in find_images(self.folder):
                try:
                    status = path.stat()
                except OSError:
                    continue  # It went while the folder was read: nothing to look at.
                yield str(path), (status.st_size, status.st_mtime_ns)
            self.is_there = True
        except ImageNotFoundError:
            self.is_there = False
