"""Contours of a face."""

from __future__ import annotations

import json

import numpy as np

from mien.geometry.ibug import ibug68_from_mesh
from mien.render.head import eye_direction, head_axes
from mien.render.outlines import Line, from_plain, outlines, smooth, to_plain
from mien.types import Landmarks
from tests.render.conftest import BOX, mesh_in


def area(ring: np.ndarray) -> float:
    x, y = ring.T
    return abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))) / 2


def test_parts_lie_in_one_another():
    lines = outlines({"mesh478": Landmarks(mesh_in(BOX)[None], "mesh478")}, 0)
    parts = [line.part for line in lines]
    assert {part: parts.count(part) for part in parts} == {
        "oval": 1,
        "brow": 2,
        "eye": 2,
        "nose": 2,
        "lips": 2,
        "iris": 2,
    }
    oval = next(line for line in lines if line.part == "oval")
    low, high = oval.points.min(axis=0), oval.points.max(axis=0)
    for line in lines:
        assert (line.points >= low - 1).all()
        assert (line.points <= high + 1).all()
    # The vertices run round the face, they do not jump across: a simple ring fills its hull.
    for line in lines:
        if line.closed and line.part != "brow":
            steps = np.linalg.norm(np.diff(line.points, axis=0, append=line.points[:1]), axis=1)
            extent = np.ptp(line.points, axis=0).max()
            assert steps.max() < 0.4 * extent, line.part
    outer, inner = (line for line in lines if line.part == "lips")
    assert area(outer.points) > area(inner.points)


def test_sixty_eight_points_do_too_and_none_give_none():
    mesh = mesh_in(BOX)[None]
    lines = outlines({"ibug68": Landmarks(ibug68_from_mesh(mesh), "ibug68")}, 0)
    assert sum(len(line.points) for line in lines) == 68
    assert outlines({}, 0) == []
    assert not any(
        line.part == "iris"
        for line in outlines({"mesh468": Landmarks(mesh[:, :468], "mesh468")}, 0)
    )


def test_smooth_passes_through_the_points():
    square = Line("eye", np.array([[0, 0], [4, 0], [4, 4], [0, 4]], np.float32), True)
    assert (smooth(square, 4)[::4] == square.points).all()
    assert len(smooth(square, 4)) == 16
    path = Line("nose", square.points, False)
    assert (smooth(path, 4)[::4] == square.points).all()
    straight = Line("nose", np.array([[0, 0], [1, 0], [2, 0]], np.float32), False)
    assert (smooth(straight)[:, 1] == 0).all()


def test_plain_lines_come_back():
    line = Line("brow", np.array([[1.04, 2], [3, 4.26]], np.float32), False)
    back = from_plain(json.loads(json.dumps(to_plain(line))))
    assert (back.part, back.closed) == ("brow", False)
    assert back.points.tolist() == np.array([[1.0, 2], [3, 4.3]], np.float32).tolist()


def test_heads_turn_as_their_angles_say():
    # x to the picture's right, y down, z away; a subject's own left is the picture's right.
    left, up, forward = head_axes(0, 0, 0)
    np.testing.assert_allclose([left, up, forward], [[1, 0, 0], [0, -1, 0], [0, 0, -1]], atol=1e-6)
    assert head_axes(30, 0, 0)[2, 0] > 0.4  # nose goes to the subject's own left
    assert head_axes(0, 30, 0)[2, 1] < -0.4  # nose goes up
    assert head_axes(0, 0, 30)[0, 1] > 0.4  # clockwise: the left side sinks
    assert eye_direction(30, 0)[0] > 0.4
    assert eye_direction(0, 30)[1] < -0.4
