"""Tiles: they cover the picture, and their maps lead back to it whichever way it is turned."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from mien.geometry.warp import transform_points
from mien.tasks.pyramid import Level, cut_tiles, fitted_scale, halved, level_scales, resized


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 3), st.data())
def test_a_pixel_is_found_again_through_the_map(
    width: int, height: int, quarters: int, data: st.DataObject
) -> None:
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[y, x] = 255
    tiles, maps = cut_tiles(Level(pixels), tile_px=32, overlap_px=8, quarters=quarters)
    tile, row, column = np.nonzero(tiles[..., 0])
    assert len(tile) >= 1
    middle = np.stack([column + 0.5, row + 0.5], axis=1)[:, None]
    back = transform_points(maps[tile], middle)[:, 0]
    np.testing.assert_allclose(back, np.broadcast_to([x + 0.5, y + 0.5], back.shape), atol=1e-3)


@pytest.mark.parametrize("length", [32, 33, 57, 100, 555])
def test_neighbouring_tiles_overlap(length: int) -> None:
    _, maps = cut_tiles(
        Level(np.zeros((32, length, 3), np.uint8)), tile_px=32, overlap_px=8, quarters=0
    )
    starts = maps[:, 0, 2]
    assert starts[0] == 0
    assert starts[-1] == length - 32
    assert (np.diff(starts) <= 32 - 8).all()


def test_levels_go_from_the_smallest_face_to_the_whole_picture() -> None:
    scales = level_scales(1280, tile_px=256, seen_px=12, min_face_px=12, max_step=3.5)
    np.testing.assert_allclose(scales, [1, 0.2**0.5, 0.2])
    # A small picture is enlarged to fill the tile, and looked at once.
    assert level_scales(100, tile_px=256, seen_px=12, min_face_px=12, max_step=3.5) == [2.56]


@given(st.integers(1, 20000), st.floats(1, 500))
def test_levels_are_no_further_apart_than_asked(long_px: int, min_face_px: float) -> None:
    scales = level_scales(long_px, tile_px=256, seen_px=12, min_face_px=min_face_px, max_step=3.5)
    assert scales[-1] == pytest.approx(256 / long_px)
    assert scales[0] >= min(12 / min_face_px, 256 / long_px) * (1 - 1e-9)
    steps = np.divide(scales[:-1], scales[1:])
    assert (steps <= 3.5 + 1e-6).all()


def test_halving_averages_and_leaves_out_the_odd_row() -> None:
    pixels = np.zeros((5, 4, 3), np.uint8)
    pixels[:2, :2] = [[[0], [20]], [[40], [60]]]
    level = halved(Level(pixels), 1)
    assert level.pixels.shape == (2, 2, 3)
    assert level.step_wh == (2, 2)
    assert level.pixels[0, 0].tolist() == [30] * 3


@pytest.mark.parametrize("scale", [0.03, 0.1, 0.4, 0.5, 1.0, 1.7])
@pytest.mark.parametrize("size_wh", [(301, 200), (64, 1), (7, 640)])
def test_a_resized_level_knows_its_scale(scale: float, size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    ramp = np.broadcast_to(np.linspace(0, 255, width)[None, :, None], (height, width, 3))
    level = resized(Level(ramp.astype(np.uint8)), scale)
    assert level.pixels.shape[1] * level.step_wh[0] == pytest.approx(width, abs=1 / scale)
    assert level.pixels.shape[0] * level.step_wh[1] == pytest.approx(height, abs=1 / scale)


def test_a_little_less_scale_spares_a_row_of_tiles() -> None:
    def fitted(width: int, height: int) -> float:
        size_wh = (float(width), float(height))
        return fitted_scale(size_wh, 1.0, tile_px=256, overlap_px=48, at_least=0.9)

    # Two tiles reach over 464 px, three over 672 px.
    assert fitted(464, 256) == 1
    assert 0.94 < fitted(640, 480) < 0.97
    assert fitted(800, 600) == 1
