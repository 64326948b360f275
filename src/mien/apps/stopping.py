"""Ctrl-C and SIGTERM as a wish to end, which the work grants where it can."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stopping(stop: Callable[[], None], *, insist: bool) -> Iterator[list[int]]:
    """Call ``stop`` at SIGINT and SIGTERM; yield the list of those that came, in order.

    With ``insist`` the second one does what it did before: usually end the process.
    """
    got: list[int] = []

    def end(number: int, _: object) -> None:
        got.append(number)
        stop()
        if insist:
            restore()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield got
    finally:
        restore()
