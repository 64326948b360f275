"""Covers: what lies under one leaves no trace, and what lies far from it stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import InputError
from mien.protect.cover import cover, cover_heads, covered_area
from mien.protect.head import Head
from mien.protect.style import DEFAULT_STYLE, get_style, known_styles
from mien.types import Boxes, Faces, Image

STYLES = list(known_styles().values())
#: Styles of which nothing under the cover depends on the picture.
PROTECTING = [style for style in STYLES if style.strength is None]


def head_at(x: float, y: float, side: float, turn_deg: float = 0.0) -> Head:
    turn = np.deg2rad(turn_deg)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2
    corners = (square @ axes + [x, y]).astype(np.float32)
    return Head(corners, side / 3, (x - side / 4, y - side / 4, x + side / 4, y + side / 4))


def noise(seed: int, size: tuple[int, int] = (90, 120)) -> Image:
    return Image(np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8))


heads = st.builds(
    head_at, st.floats(-40, 160), st.floats(-40, 130), st.floats(2, 150), st.floats(-180, 180)
)


@pytest.mark.parametrize("style", PROTECTING, ids=lambda style: style.name)
@given(st.lists(heads, max_size=3), st.integers(0, 2**31))
def test_what_is_covered_leaves_no_trace(style, found: list[Head], seed: int) -> None:
    image = noise(seed)
    area = covered_area(found, image.size_wh)
    other = image.pixels.copy()
    other[area] = noise(seed + 1).pixels[area]
    one = cover_heads(image, found, style).pixels
    np.testing.assert_array_equal(one, cover_heads(Image(other), found, style).pixels)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
@given(heads)
def test_far_from_the_head_the_picture_stays(style, head: Head) -> None:
    image = noise(3)
    before = image.pixels.copy()
    done = cover_heads(image, [head], style).pixels
    rows, columns = np.mgrid[:90, :120] + 0.5
    low, high = head.corners.min(axis=0), head.corners.max(axis=0)
    rim = max(3, 0.12 * head.eye_px) + 6
    outside = (columns < low[0] - rim) | (columns > high[0] + rim)
    outside |= (rows < low[1] - rim) | (rows > high[1] + rim)
    np.testing.assert_array_equal(done[outside], before[outside])
    np.testing.assert_array_equal(image.pixels, before)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_no_detail_of_a_face_is_left_in_the_middle(style) -> None:
    image = noise(5, (300, 300))
    done = cover_heads(image, [head_at(150, 150, 240)], style).pixels[120:180, 120:180]
    before = image.pixels[120:180, 120:180].astype(float)
    assert done.std() == 0 or style.name in ("blur", "mask")
    if done.std():
        assert abs(np.corrcoef(done.astype(float).ravel(), before.ravel())[0, 1]) < 0.2


def test_the_default_protects_and_cosmetic_styles_say_so() -> None:
    assert not get_style(DEFAULT_STYLE).cosmetic
    assert {style.name for style in STYLES if style.cosmetic} >= {"blur", "pixelate"}


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_contract(style) -> None:
    assert style.summary
    assert get_style(style.name) is style
    assert cover_heads(noise(1), [], style).pixels.tolist() == noise(1).pixels.tolist()
    tiny = head_at(0.3, 0.2, 0.5)
    assert cover_heads(noise(1, (1, 1)), [tiny], style).size_wh == (1, 1)
    if style.strength is None:
        with pytest.raises(InputError, match="leave it out"):
            style.strength_of(1.0)
    else:
        with pytest.raises(InputError, match="above 0"):
            style.strength_of(0.0)


def test_faces_are_covered_by_their_boxes_and_the_hash_of_the_open_picture_goes() -> None:
    pixels = noise(2).pixels
    image = Image(pixels, "a", content_sha256="0" * 64)
    faces = Faces((120, 90), Boxes(np.array([[40, 30, 60, 50]])), np.ones(1))
    done = cover(image, faces)
    assert (done.pixels[20:60, 32:68] == 128).all()
    assert (done.source, done.content_sha256) == ("a", None)
    with pytest.raises(InputError, match="blur, mask, pixelate, solid"):
        cover(image, faces, "sepia")
