"""Warping a face onto another's mesh: itself onto itself, and points that go where they should."""

from __future__ import annotations

import numpy as np
import pytest

import mien
from mien.geometry.mesh_warp import mesh_triangles, warp_face


@pytest.fixture(scope="module")
def mesh(portrait: np.ndarray) -> np.ndarray:
    return mien.analyze(portrait, ("landmarks",)).found.landmarks["mesh478"].points[0]


def test_triangles_use_every_vertex_and_cover_the_face_once() -> None:
    triangles = mesh_triangles()
    assert set(triangles.ravel().tolist()) == set(range(468))
    points = mien.geometry.canonical.canonical_face()[:, :2]
    edges = points[triangles[:, 1:]] - points[triangles[:, :1]]
    areas = np.abs(np.linalg.det(edges)) / 2
    from scipy.spatial import ConvexHull

    assert areas.sum() == pytest.approx(ConvexHull(points).volume, rel=1e-3)


def test_onto_itself_changes_nothing(portrait: np.ndarray, mesh: np.ndarray) -> None:
    warped, there = warp_face(portrait, mesh, mesh, (512, 512))
    assert there.sum() > 5000
    assert (warped[there] == portrait[there]).all()


def test_onto_a_larger_mesh_is_a_larger_face(portrait: np.ndarray, mesh: np.ndarray) -> None:
    """Positions as colours: where a pixel comes from can be read off it."""
    grid = np.zeros_like(portrait)
    grid[..., 0], grid[..., 1] = np.arange(512) // 2, np.arange(512)[:, None] // 2
    onto = mesh[:, :2] * 1.5 + (-40, 7)
    warped, there = warp_face(grid, mesh, onto, (700, 400))
    y, x = np.nonzero(there)
    assert warped[y, x, 0].astype(int) * 2 == pytest.approx((x + 0.5 + 40) / 1.5, abs=3)
    assert warped[y, x, 1].astype(int) * 2 == pytest.approx((y + 0.5 - 7) / 1.5, abs=3)


def test_what_leaves_the_picture_is_not_there(portrait: np.ndarray, mesh: np.ndarray) -> None:
    _, all_there = warp_face(portrait, mesh, mesh, (512, 512))
    _, cut = warp_face(portrait[:, : int(mesh[1, 0])], mesh, mesh, (512, 512))
    assert 0 < cut.sum() < 0.7 * all_there.sum()
    # All points in one place: no triangle has an area, nothing is drawn.
    _, nothing = warp_face(portrait, mesh, np.zeros_like(mesh), (512, 512))
    assert not nothing.any()
