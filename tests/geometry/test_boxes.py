"""Boxes: overlap against literal values, suppression against the textbook loop."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from mien.geometry.boxes import areas, intersections, iou, overlap_of_smaller, suppress

A = np.array([[0, 0, 4, 4], [10, 10, 12, 20]], np.float32)
B = np.array([[2, 2, 6, 6], [1, 1, 2, 3], [20, 20, 30, 30]], np.float32)

boxes = hnp.arrays(
    np.float32, st.tuples(st.integers(0, 12), st.just(4)), elements=st.integers(0, 9)
)


def test_overlap_has_literal_values() -> None:
    np.testing.assert_allclose(intersections(A, B), [[4, 2, 0], [0, 0, 0]])
    np.testing.assert_allclose(iou(A, B), [[4 / 28, 2 / 16, 0], [0, 0, 0]], rtol=1e-6)
    np.testing.assert_allclose(overlap_of_smaller(A, B), [[4 / 16, 1, 0], [0, 0, 0]], rtol=1e-6)


def test_no_boxes_overlap_nothing() -> None:
    none = np.zeros((0, 4), np.float32)
    assert iou(none, B).shape == (0, 3)
    assert iou(A, none).shape == (2, 0)
    assert suppress(iou(none, none), np.zeros(0), 0.5).shape == (0,)


def test_a_box_turned_inside_out_has_no_area() -> None:
    inside_out = np.array([[5, 5, 1, 9]], np.float32)
    assert areas(inside_out) == 0
    assert iou(inside_out, inside_out) == 0


@given(boxes)
def test_iou_is_symmetric_and_one_with_itself(xyxy: np.ndarray) -> None:
    overlap = iou(xyxy, xyxy)
    np.testing.assert_allclose(overlap, overlap.T)
    assert ((overlap >= 0) & (overlap <= 1)).all()
    np.testing.assert_allclose(np.diag(overlap), areas(xyxy) > 0)


def _one_iou(a: np.ndarray, b: np.ndarray) -> float:
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    common = width * height
    both = sum(max(0.0, c[2] - c[0]) * max(0.0, c[3] - c[1]) for c in (a, b))
    return common / (both - common) if both > common else 0.0


def _textbook(xyxy: np.ndarray, scores: np.ndarray, max_iou: float) -> list[int]:
    left = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    kept: list[int] = []
    while left:
        best = left.pop(0)
        kept.append(best)
        left = [i for i in left if _one_iou(xyxy[best], xyxy[i]) <= max_iou]
    return kept


@given(boxes, st.integers(0, 2**31), st.sampled_from([0.0, 0.3, 0.7]))
def test_suppression_is_the_textbook_loop(xyxy: np.ndarray, seed: int, max_iou: float) -> None:
    # Few different scores, so that ties come up.
    scores = np.random.default_rng(seed).integers(0, 4, len(xyxy)).astype(np.float32)
    kept = suppress(iou(xyxy, xyxy), scores, max_iou)
    assert kept.tolist() == _textbook(xyxy.astype(float), scores, max_iou)
