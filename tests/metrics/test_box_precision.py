"""Boxes: ignored faces, doubles, pictures without faces, order of pictures."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.metrics.detection import PICTURES, SUBSETS
from mien.errors import ArrayError
from mien.metrics.coco import MEDIUM, SMALL, average_precision_at, coco_scores
from mien.metrics.detection import PictureBoxes, overlaps
from mien.metrics.wider import in_subset, wider_ap

FACE = np.array([[0.0, 0, 10, 10]])
NONE = np.zeros((0, 4))


def picture(found, score, truth, ignored=None) -> PictureBoxes:
    return PictureBoxes(np.array(found), np.array(score), np.array(truth), ignored)


def test_overlap_at_the_limit_is_right() -> None:
    half = picture([[0.0, 0, 10, 5]], [0.9], FACE)
    assert coco_scores([half]).ap50 == pytest.approx(1)
    assert wider_ap([half], exact=True).ap == 1


def test_of_equal_overlaps_the_later_truth_is_taken() -> None:
    # Two faces overlap the first box alike; the second box overlaps only the first face.
    truth = [[0.0, 0, 10, 10], [2, 0, 12, 10]]
    both = picture([[1.0, 0, 11, 10], [-2, 0, 8, 10]], [0.9, 0.8], truth)
    assert coco_scores([both]).ap50 == pytest.approx(1)


def test_both_ends_of_a_size_are_inside() -> None:
    edge = picture([[0.0, 0, 32, 32]], [0.9], [[0.0, 0, 32, 32]])
    assert average_precision_at([edge], iou=0.5, area=SMALL) == pytest.approx(1)
    assert average_precision_at([edge], iou=0.5, area=MEDIUM) == pytest.approx(1)


def test_the_second_box_on_a_face_is_false() -> None:
    twice = picture(np.repeat(FACE, 2, axis=0), [0.9, 0.8], [[50.0, 50, 60, 60], *FACE])
    assert wider_ap([twice], exact=True).precision.tolist() == [1, 0.5]
    assert wider_ap([twice]).precision.max() == 1


def test_an_ignored_face_counts_neither_way() -> None:
    ignored = picture(FACE, [0.9], FACE, np.array([True]))
    seen = picture(FACE, [0.5], FACE)
    for exact in (False, True):
        assert wider_ap([ignored, seen], exact=exact).ap == 1
        assert math.isnan(wider_ap([ignored], exact=exact).ap)
    assert coco_scores([ignored, seen]).ap == pytest.approx(1)
    assert math.isnan(coco_scores([ignored]).ap)


def test_false_boxes_in_pictures_without_faces() -> None:
    pictures = [picture(FACE, [0.9], NONE), picture(FACE, [0.5], FACE)]
    assert wider_ap(pictures).ap == 1  # the benchmark's own code does not see them
    assert wider_ap(pictures, exact=True).ap == 0.5


def test_nothing_found_and_nothing_there() -> None:
    missed = picture(NONE, np.zeros(0), FACE)
    assert coco_scores([missed]).ap == 0
    assert wider_ap([missed]).ap == 0
    assert math.isnan(coco_scores([]).ap)
    assert math.isnan(wider_ap([]).ap)
    assert overlaps(np.zeros((1, 4)), np.zeros((1, 4)))[0, 0] == 0


def test_sides_are_one_px_longer_unless_exact() -> None:
    # 10 x 4.8 in 10 x 10: 0.48; with the benchmark's extra pixel 11 x 5.8 in 11 x 11: 0.53.
    short = [picture([[0.0, 0, 10, 4.8]], [0.9], FACE)]
    assert wider_ap(short).ap == 1
    assert wider_ap(short, exact=True).ap == 0


def test_subset_ignores_the_other_faces() -> None:
    (easy,) = in_subset([picture(NONE, np.zeros(0), [*FACE, *FACE])], [np.array([True, False])])
    assert easy.is_ignored.tolist() == [False, True]


@given(st.permutations(range(20)))
def test_order_of_pictures_does_not_matter_without_ties(order) -> None:
    rng = np.random.default_rng(0)
    apart = [replace(p, score=rng.random(len(p.score))) for p in PICTURES[:20]]
    turned = [apart[row] for row in order]
    assert coco_scores(turned).ap == pytest.approx(coco_scores(apart).ap)
    assert wider_ap(turned).ap == pytest.approx(wider_ap(apart).ap)


@given(st.sampled_from(sorted(SUBSETS)), st.floats(0.1, 10), st.floats(-5, 5))
def test_stretching_scores_changes_nothing_when_exact(name, factor, shift) -> None:
    rescaled = [replace(p, score=p.score * factor + shift) for p in SUBSETS[name]]
    expected = wider_ap(SUBSETS[name], exact=True).ap
    assert wider_ap(rescaled, exact=True).ap == pytest.approx(expected, abs=2e-3)


def test_refused() -> None:
    with pytest.raises(ArrayError, match="score: holds NaN"):
        picture(FACE, [math.nan], FACE)
    with pytest.raises(ArrayError, match="x2 < x1"):
        picture([[5.0, 0, 1, 1]], [0.5], FACE)
    with pytest.raises(ArrayError, match="differ in length"):
        picture(FACE, [0.5, 0.4], FACE)
    with pytest.raises(ArrayError, match="differ in length"):
        picture(FACE, [0.5], FACE, np.zeros(2, bool))
