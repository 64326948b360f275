"""The album's questions for all requests: found once for each state of a gallery."""

from __future__ import annotations

import threading

from mien.errors import BusyError
from mien.gallery import Reference
from mien.gallery.sqlite import SqliteGallery
from mien.recognition import album
from mien.recognition.questions import Question

Asked = list[tuple[Question, Reference, Reference]]
#: When to ask again while another request looks for questions.
_RETRY_S = 3.0


class Questions:
    """Finds what to ask, one search at a time: each compares all faces of the gallery."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[str, int, int, Asked] | None = None

    def ask(self, gallery: SqliteGallery, most: int) -> Asked:
        """Return the questions worth asking, best first.

        Raises BusyError while another request looks for them.
        """
        if not self._lock.acquire(blocking=False):
            raise BusyError("questions: are being looked for already", retry_after_s=_RETRY_S)
        try:
            place, state = str(gallery.folder), gallery.state()
            if self._known is None or self._known[:3] != (place, state, most):
                self._known = (place, state, most, album.ask(gallery, most=most))
            return self._known[3]
        finally:
            self._lock.release()
