"""The end of a server in which streams of events are open."""

from __future__ import annotations

import threading
from types import FrameType

import uvicorn


class EndingServer(uvicorn.Server):
    """Tells streams of events to end, for which uvicorn would wait in vain."""

    def __init__(self, config: uvicorn.Config, ending: threading.Event) -> None:
        super().__init__(config)
        self._ending = ending

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take note of the signal."""
        self._ending.set()
        super().handle_exit(sig, frame)
