"""Arrays of every usual kind, and the refusals."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import ArrayError
from mien.io import from_array


def test_bgr_by_flag(portrait: np.ndarray) -> None:
    assert np.array_equal(from_array(portrait[:, :, ::-1], "bgr").pixels, portrait)


def test_grey_float_bool_and_sixteen_bit_agree() -> None:
    grey = np.array([[0, 255], [51, 102]], np.uint8)
    expected = np.repeat(grey[:, :, None], 3, axis=2)
    assert np.array_equal(from_array(grey).pixels, expected)
    assert np.array_equal(from_array(grey / 255).pixels, expected)
    assert np.array_equal(from_array(grey.astype(np.uint16) * 257).pixels, expected)
    assert from_array(grey > 0).pixels[..., 0].tolist() == [[0, 255], [255, 255]]


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.full((4, 4, 3), np.nan), "NaN"),
        (np.full((4, 4, 3), 2.0), "0..1"),
        (np.zeros((4, 4, 3), np.int64), "int64"),
        (np.zeros((4, 4, 5), np.uint8), "shape"),
        (np.zeros((4,), np.uint8), "shape"),
        (np.zeros((0, 4, 3), np.uint8), "shape"),
        ([[1, 2], [3, 4]], "list"),
    ],
)
def test_refusals_say_what_was_got(pixels: np.ndarray, message: str) -> None:
    with pytest.raises(ArrayError, match=message):
        from_array(pixels)


def test_an_unknown_colour_order(portrait: np.ndarray) -> None:
    with pytest.raises(ArrayError, match="'rgb' or 'bgr'"):
        from_array(portrait, "gbr")  # type: ignore[arg-type]
