"""Clips of every n-th frame of a video, as liveness networks take them [P104]: a view, no copies.

Over adjacent frames a face hardly moves; every n-th frame shows the motion, for several n at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from mien.errors import InputError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Clip(Generic[T]):
    """``frames``: every ``skip``-th item from number ``first`` on, the very objects given."""

    first: int
    skip: int
    frames: tuple[T, ...]


def skipped_clips(
    frames: Iterable[T], *, length: int, skips: Sequence[int] = (1, 2, 4), step: int | None = None
) -> Iterator[Clip[T]]:
    """Yield clips of ``length`` frames for each skip, in order of their first frame, then of skip.

    A clip of each skip begins every ``step`` frames (default: one behind the other, as in [P104]:
    every length x largest skip). Clips that the end would cut are left out. Holds as many frames as
    the longest clip spans, whatever the length of the video. Raises InputError for numbers < 1.
    """
    if length < 1 or not skips or min(skips) < 1 or (step is not None and step < 1):
        raise InputError(
            f"skipped_clips: got length {length}, skips {tuple(skips)}, step {step}, expected >= 1"
        )
    return _clips(iter(frames), length, sorted(set(skips)), step)


def _clips(
    frames: Iterator[T], length: int, skips: Sequence[int], step: int | None
) -> Iterator[Clip[T]]:
    step = length * skips[-1] if step is None else step
    longest = (length - 1) * skips[-1] + 1
    held = deque(islice(frames, longest))
    first = 0
    while held:
        for skip in skips:
            if (length - 1) * skip < len(held):
                chosen = tuple(held[number * skip] for number in range(length))
                yield Clip(first, skip, chosen)
        first += step
        behind = step - len(held)
        for _ in range(min(step, len(held))):
            held.popleft()
        # Frames between two clips are read and let go.
        next(islice(frames, max(behind, 0), max(behind, 0)), None)
        held.extend(islice(frames, longest - len(held)))
