"""Drawing: what is touched, what is not, at any size, on any ground."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.errors import ArrayError, InputError
from mien.render import draw
from mien.render.canvas import Canvas, rounded_box, text_width_px
from mien.render.draw import PARTS
from mien.render.label import place, wordings
from mien.types import Analysis, Faces, Failure, Image


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return (before != after).any(axis=2)


def test_draws_near_the_face_only_and_never_mutates(portrait_image, analysed):
    before = portrait_image.pixels.copy()
    drawn = draw(portrait_image, analysed)
    assert (portrait_image.pixels == before).all()
    assert drawn.pixels.flags.owndata or not np.shares_memory(drawn.pixels, portrait_image.pixels)
    assert (drawn.source, drawn.size_wh) == (portrait_image.source, portrait_image.size_wh)
    rows, columns = np.nonzero(changed(before, drawn.pixels))
    assert rows.min() > 30
    assert rows.max() < 200
    assert columns.min() > 100
    assert columns.max() < 350


def test_each_part_is_drawn_by_itself(portrait_image, analysed):
    marks = {
        part: changed(portrait_image.pixels, draw(portrait_image, analysed, parts=(part,)).pixels)
        for part in PARTS
    }
    assert all(mark.any() for mark in marks.values())
    together = changed(portrait_image.pixels, draw(portrait_image, analysed).pixels)
    # Where all are drawn, no other pixel changes than with one or another of them.
    assert not (together & ~np.any(list(marks.values()), axis=0)).any()
    assert not changed(portrait_image.pixels, draw(portrait_image, analysed, parts=()).pixels).any()


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_lines_stand_out_on_any_ground(grey, portrait, analysed):
    ground = Image(np.full_like(portrait, grey))
    drawn = draw(ground, analysed).pixels.astype(int)
    contrast = np.abs(drawn - grey).max(axis=2)
    assert (contrast > 60).sum() > 300


@pytest.mark.parametrize("side", [16, 100, 512, 3464])
def test_lines_grow_with_the_picture(side, portrait, analyse):
    scale = side / 512
    image = Image(cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA))
    box = (170 * scale, 60 * scale, 280 * scale, 190 * scale)
    share = changed(image.pixels, draw(image, analyse(image, [box])).pixels).mean()
    assert 0.002 < share < 0.3


def test_drawing_on_a_resized_copy(portrait_image, analysed):
    drawn = draw(portrait_image, analysed, long_side_px=1024)
    assert drawn.size_wh == (1024, 1024)


def test_no_face_and_an_error_leave_the_picture_alone(portrait_image):
    empty = Analysis("x", None, portrait_image.size_wh, Faces.empty(portrait_image.size_wh))
    failed = Analysis("x", error=Failure("ImageReadError", "x: gone"))
    for analysis in (empty, failed):
        assert (draw(portrait_image, analysis).pixels == portrait_image.pixels).all()


def test_refuses_the_wrong_picture_and_unknown_parts(portrait, analysed, portrait_image):
    with pytest.raises(ArrayError, match="size"):
        draw(Image(portrait[:100]), analysed)
    with pytest.raises(InputError, match="halo"):
        draw(portrait_image, analysed, parts=("box", "halo"))


@settings(max_examples=40, deadline=None)
@given(
    size=st.tuples(st.integers(1, 200), st.integers(1, 200)),
    corner=st.tuples(st.floats(-150, 250), st.floats(-150, 250)),
    side=st.floats(0, 300),
)
def test_any_box_may_leave_the_picture(size, corner, side):
    from tests.render.conftest import made_up

    image = Image(np.zeros((*size, 3), np.uint8))
    faces = made_up(image.size_wh, [(*corner, corner[0] + side, corner[1] + side)])
    assert draw(image, faces).size_wh == image.size_wh


@given(
    box=st.tuples(*[st.floats(-50, 250)] * 4),
    panel=st.tuples(st.floats(5, 60), st.floats(5, 20)),
)
def test_labels_stay_inside(box, panel):
    x1, y1 = min(box[0], box[2]), min(box[1], box[3])
    x2, y2 = max(box[0], box[2]), max(box[1], box[3])
    left, top = place(np.array([x1, y1, x2, y2]), panel, (200, 100), gap_px=4)
    assert left >= 0
    assert left + panel[0] <= 200
    assert top >= 0
    assert top + panel[1] <= 100


def test_wordings_shorten(analysed):
    said = list(wordings(analysed.found[0]))
    assert said[0] == "looks 34 ± 6, female · quality 71"
    assert said[-1] == "34"
    assert [len(text) for text in said] == sorted((len(text) for text in said), reverse=True)
    bare = Faces(analysed.found.image_size_wh, analysed.found.boxes, analysed.found.detection_score)
    assert list(wordings(bare[0])) == []


def test_strokes_blend_once_and_text_has_the_width_it_says():
    canvas = Canvas(np.zeros((50, 400, 3), np.uint8), 1.0)
    cross = [(np.array([[10.0, 25], [40, 25]]), False), (np.array([[25.0, 10], [25, 40]]), False)]
    canvas.stroke(cross, (200, 200, 200), alpha=0.5, rim=0)
    assert canvas.pixels.max() <= 101
    canvas.text("quality 71", (100, 25), 20, (255, 255, 255))
    columns = np.nonzero(canvas.pixels[:, 60:].max(axis=(0, 2)))[0] + 60
    assert columns.min() >= 100
    assert columns.max() <= 100 + text_width_px("quality 71", 20) + 1


def test_rounded_box_stays_in_its_box():
    outline = rounded_box(np.array([10.0, 20, 110, 60]), 500)
    assert outline.min(axis=0).tolist() == pytest.approx([10, 20], abs=1e-4)
    assert outline.max(axis=0).tolist() == pytest.approx([110, 60], abs=1e-4)
