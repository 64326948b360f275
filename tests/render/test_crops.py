"""Crops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.errors import ArrayError, InputError
from mien.render import crops
from mien.types import Boxes, Faces, Image


def faces_at(image: Image, *boxes: tuple[float, float, float, float]) -> Faces:
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    return Faces(image.size_wh, Boxes(xyxy), np.ones(len(xyxy), np.float32))


def test_own_pixels(portrait, portrait_image):
    (crop,) = crops(portrait_image, faces_at(portrait_image, (170, 60, 280, 190)), margin=0)
    assert (crop.pixels == portrait[60:190, 170:280]).all()
    assert not np.shares_memory(crop.pixels, portrait)


def test_own_pixels_stop_at_the_border(portrait_image):
    boxes = ((-50, -50, 20, 20), (500, 500, 600, 600), (900, 900, 950, 950))
    sizes = [crop.size_wh for crop in crops(portrait_image, faces_at(portrait_image, *boxes))]
    assert sizes == [(38, 38), (37, 37), (1, 1)]


def test_squares_are_centred_and_black_outside(portrait, portrait_image):
    faces = faces_at(portrait_image, (100, 100, 200, 200), (-100, -100, 0, 0))
    inside, outside = crops(portrait_image, faces, margin=0, size_px=100)
    difference = np.abs(inside.pixels.astype(int) - portrait[100:200, 100:200])
    assert difference.max() <= 1
    assert outside.pixels.max() == 0
    (wide,) = crops(portrait_image, faces[[0]], margin=0.5, size_px=200)
    assert np.abs(wide.pixels.astype(int) - portrait[50:250, 50:250]).max() <= 1


def test_turned_faces_come_upright(portrait):
    upright = Image(portrait)
    box = (170.0, 60.0, 280.0, 170.0)
    (wanted,) = crops(upright, faces_at(upright, box), size_px=64)
    # The picture lies on its side; turned counter-clockwise by 90 degrees it is upright.
    lying = Image(np.ascontiguousarray(np.rot90(portrait, -1)))
    faces = faces_at(lying, (512 - box[3], box[0], 512 - box[1], box[2]))
    (crop,) = crops(lying, replace(faces, rotation_deg=np.array([90.0])), size_px=64)
    assert np.abs(crop.pixels.astype(int) - wanted.pixels).mean() < 1


def test_none_and_wrong(portrait_image):
    assert crops(portrait_image, Faces.empty(portrait_image.size_wh)) == []
    assert crops(portrait_image, Faces.empty((3, 3)), size_px=8) == []
    with pytest.raises(ArrayError, match="size"):
        crops(portrait_image, Faces((3, 3), Boxes(np.ones((1, 4))), np.ones(1)))
    for wrong in ({"margin": -0.5}, {"size_px": 0}):
        with pytest.raises(InputError):
            crops(portrait_image, faces_at(portrait_image), **wrong)
