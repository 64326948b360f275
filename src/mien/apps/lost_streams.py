"""A stream that does not come back ends what was read of it, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from mien.errors import VideoReadError

Frame = TypeVar("Frame")


def until_lost(frames: Iterable[Frame], lost: list[str]) -> Iterator[Frame]:
    """Yield frames; where the source is gone for good after some, end, and say why in ``lost``.

    Raises VideoReadError where not one frame came.
    """
    came = False
    try:
        for frame in frames:
            came = True
            yield frame
    except VideoReadError as error:
        if not came:
            raise
        lost.append(str(error))
