"""BlazeFace: anchors and decoding against literal values."""

from __future__ import annotations

import numpy as np
import pytest

from mien.models import get_spec
from mien.tasks.blaze import GRIDS, anchors, decode


@pytest.mark.parametrize(
    ("name", "size_px", "count"),
    [("blazeface.short", 128, 896), ("blazeface.full", 192, 2304), ("blazeface.back", 256, 896)],
)
def test_there_is_an_anchor_for_each_row(name: str, size_px: int, count: int) -> None:
    centres = anchors(name, size_px)
    assert centres.shape == (count, 2)
    assert get_spec(name).preprocess.size_wh == (size_px, size_px)
    # The grid is symmetric, and nothing lies on the border.
    np.testing.assert_allclose(centres.mean(axis=0), [size_px / 2] * 2)
    assert centres.min() > 0
    assert centres.max() < size_px


def test_anchors_have_literal_places() -> None:
    # MediaPipe's ssd_anchors_calculator with its options for the short range: 16 x 16 cells of
    # two anchors, then 8 x 8 cells of six, offset 0.5.
    short = anchors("blazeface.short", 128)
    np.testing.assert_array_equal(short[:4], [[4, 4], [4, 4], [12, 4], [12, 4]])
    np.testing.assert_array_equal(short[32:34], [[4, 12], [4, 12]])
    np.testing.assert_array_equal(short[511:519], [[124, 124], *[[8, 8]] * 6, [24, 8]])
    np.testing.assert_array_equal(short[-1], [120, 120])
    np.testing.assert_array_equal(
        anchors("blazeface.full", 192)[[0, 1, 48]], [[2, 2], [6, 2], [2, 6]]
    )
    np.testing.assert_array_equal(anchors("blazeface.back", 256)[[0, 512]], [[8, 8], [16, 16]])


def test_every_network_that_can_detect_has_a_grid() -> None:
    assert set(GRIDS) == {"blazeface.short", "blazeface.full", "blazeface.back"}


def test_decoding_a_row_by_hand() -> None:
    objects = np.full((2, 3, 17), -9, np.float32)
    points = [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10], [11, 12]]
    objects[1, 2] = [0.5, 10, 20, 8, 6, *np.ravel(points)]
    centres = np.array([[0, 0], [1, 1], [100, 200]], np.float32)
    found = decode(objects, centres, 0.0)
    assert found.crop.tolist() == [1]
    assert found.logit.tolist() == [0.5]
    np.testing.assert_array_equal(found.coords[0, :2], [[106, 217], [114, 223]])
    # The network gives the subject's right eye and ear first, mien the left ones.
    relative = np.array([[3, 4], [1, 2], [5, 6], [7, 8], [11, 12], [9, 10]])
    np.testing.assert_array_equal(found.coords[0, 2:], relative + centres[2])


def test_no_row_is_an_empty_find() -> None:
    found = decode(np.full((4, 3, 17), -9, np.float32), np.zeros((3, 2), np.float32), 0.0)
    assert found.coords.shape == (0, 8, 2)
    none = decode(np.zeros((0, 3, 17), np.float32), np.zeros((3, 2), np.float32), -1.0)
    assert none.logit.shape == (0,)
