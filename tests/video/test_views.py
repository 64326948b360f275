"""Clips of every n-th frame, landmark graphs and micro-movements: shapes, bounds, known motion."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.moving_face import SIDE, portrait
from mien.errors import InputError
from mien.geometry.mesh_warp import warp_face
from mien.types import Image
from mien.video.clips import skipped_clips
from mien.video.landmark_graph import landmark_graph
from mien.video.micro_movement import REGIONS, micro_movement
from tests.video.made import face_mesh, made_series


@given(
    st.integers(0, 60),
    st.integers(1, 6),
    st.lists(st.integers(1, 5), min_size=1, max_size=3),
    st.none() | st.integers(1, 30),
)
def test_clips_are_slices(n: int, length: int, skips: list[int], step: int | None) -> None:
    frames = list(range(n))
    got = [
        (c.first, c.skip, c.frames)
        for c in skipped_clips(frames, length=length, skips=skips, step=step)
    ]
    by = length * max(skips) if step is None else step
    expected = [
        (first, skip, tuple(frames[first : first + length * skip : skip][:length]))
        for first in range(0, n, by)
        for skip in sorted(set(skips))
        if first + (length - 1) * skip < n
    ]
    assert got == expected


def test_clips_read_no_further_than_they_span_and_copy_nothing() -> None:
    made = []

    def frames() -> Iterator[np.ndarray]:
        for number in range(1000):
            made.append(np.full((2, 2), number))
            yield made[-1]

    first = next(skipped_clips(frames(), length=4, skips=(1, 3)))
    assert len(made) == 10
    assert all(one is made[number] for number, one in enumerate(first.frames))
    with pytest.raises(InputError, match="expected >= 1"):
        skipped_clips([], length=0)


@pytest.mark.parametrize(("nodes", "n"), [("ibug68", 68), ("mesh468", 468)])
def test_graphs(nodes: str, n: int) -> None:
    mesh = np.stack([face_mesh(centre_px=(100 + 5 * t, 100)) for t in range(6)])
    series = made_series(np.arange(6) / 25, landmarks_px=mesh, seen=np.arange(6) != 2)
    graph = landmark_graph(series, nodes=nodes)
    assert graph.points.shape == (6, n, 3)
    assert graph.measured.tolist() == [True, True, False, True, True, True]
    assert np.isnan(graph.points[2]).all()
    # The head's own movement stays; place and size do not.
    far = landmark_graph(made_series(series.times_s, landmarks_px=3 * mesh + 50), nodes=nodes)
    np.testing.assert_allclose(far.points[5], graph.points[5], atol=1e-5)
    assert np.abs(graph.points[5] - graph.points[0]).max() > 0.1
    network = networkx.Graph([tuple(edge) for edge in graph.edges.tolist()])
    assert (network.number_of_nodes(), networkx.is_connected(network)) == (n, True)
    plain = graph.adjacency(normalised=False)
    expected = networkx.to_numpy_array(network, nodelist=range(n)) + np.eye(n)
    np.testing.assert_array_equal(plain, expected)
    degree = np.diag(expected.sum(axis=1) ** -0.5)
    np.testing.assert_allclose(graph.adjacency(), degree @ expected @ degree, rtol=1e-5)


def test_graph_of_nothing_and_of_other_nodes() -> None:
    series = made_series([0.0], landmarks_px=face_mesh()[None], seen=[False])
    assert np.isnan(landmark_graph(series).points).all()
    with pytest.raises(InputError, match="expected mesh468 or ibug68"):
        landmark_graph(series, nodes="five")  # type: ignore[arg-type]


def displaced(vertices: tuple[int, ...], by_px: tuple[float, float]) -> tuple[Image, np.ndarray]:
    """The portrait with the skin round some vertices moved, softly."""
    pixels, mesh = portrait()
    away = np.min([np.linalg.norm(mesh[:, :2] - mesh[v, :2], axis=1) for v in vertices], axis=0)
    onto = mesh.copy()
    onto[:, :2] += np.exp(-0.5 * (away / 18) ** 2)[:, None] * np.array(by_px)
    warped, there = warp_face(pixels, mesh, onto, (SIDE, SIDE))
    return Image(np.where(there[..., None], warped, pixels)), mesh


def turned(image: Image, mesh: np.ndarray) -> tuple[Image, np.ndarray]:
    """The whole picture turned by 4 degrees, shrunk a little and shifted."""
    by = cv2.getRotationMatrix2D((200, 200), 4, 0.95)
    by[:, 2] += 6, -4
    pixels = cv2.warpAffine(image.pixels, by, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
    moved = mesh.copy()
    moved[:, :2] = (mesh[:, :2] - 0.5) @ by[:, :2].T + by[:, 2] + 0.5
    return Image(np.asarray(pixels)), moved


@pytest.mark.parametrize(
    ("region", "vertices", "by_px"),
    [
        ("left_lip", (291,), (3.0, -3.0)),
        ("right_lip", (61,), (-3.0, -3.0)),
        ("left_eye", (334, 296), (0.0, -4.0)),
        ("right_eye", (105, 66), (0.0, -4.0)),
    ],
)
@pytest.mark.parametrize("head_moves", [False, True])
def test_a_small_movement_is_found_where_it_is(
    region: str, vertices: tuple[int, ...], by_px: tuple[float, float], head_moves: bool
) -> None:
    pixels, mesh = portrait()
    apex, apex_mesh = displaced(vertices, by_px)
    if head_moves:
        apex, apex_mesh = turned(apex, apex_mesh)
        # As a network would place it, not exactly.
        apex_mesh = apex_mesh + np.random.default_rng(0).normal(0, 0.7, apex_mesh.shape)
    found = micro_movement(Image(pixels), mesh, apex, apex_mesh)
    number = REGIONS.index(region)
    assert found.strength.argmax() == number
    others = np.delete(found.strength, number)
    assert found.strength[number] > 1.5 * others.max()
    assert found.mean_xy[number] @ np.array(by_px) > 0
    assert found.parts().shape == (4, 14, 14, 3)


def test_a_still_face_under_a_moving_head() -> None:
    pixels, mesh = portrait()
    still = micro_movement(Image(pixels), mesh, Image(pixels), mesh)
    assert still.strength.max() < 1e-3
    found = micro_movement(Image(pixels), mesh, *turned(Image(pixels), mesh))
    assert found.strength.max() < 0.012
