"""Cuts are found; what moves, comes nearer or flickers is no cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from mien.types import Image
from mien.video.shots import glance, is_cut
from tests.video.clips import CLIPS


@pytest.mark.parametrize("name", sorted(CLIPS))
def test_cuts_are_where_they_were_made(name: str) -> None:
    frames = list(CLIPS[name].frames())
    glances = [glance(Image(frame.pixels)) for frame in frames]
    found = [is_cut(a, b) for a, b in pairwise(glances)]
    assert found == [b.shot > a.shot for a, b in pairwise(frames)]


def test_light_that_is_turned_up_is_no_cut(portrait: np.ndarray) -> None:
    lit = [Image(np.clip(portrait * share, 0, 255).astype(np.uint8)) for share in (1, 1.04)]
    assert not is_cut(*map(glance, lit))


def test_one_pixel_is_a_picture() -> None:
    black, white = (glance(Image(np.full((1, 1, 3), level, np.uint8))) for level in (0, 255))
    assert is_cut(black, white)
    assert not is_cut(white, white)
