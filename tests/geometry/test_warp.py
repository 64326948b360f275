"""Crops through affine maps: coordinates, aliasing, fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.transform import SimilarityTransform

from mien.errors import ArrayError
from mien.geometry.align import ALIGNMENTS, alignment_maps
from mien.geometry.similarity import fit_similarity, invert, square_roi
from mien.geometry.warp import transform_points, warp_crops

IDENTITY = np.array([[[1, 0, 0], [0, 1, 0]]], np.float32)


def test_the_identity_copies_and_a_shift_shifts(portrait: np.ndarray) -> None:
    assert np.array_equal(warp_crops(portrait, IDENTITY, (512, 512))[0], portrait)
    shifted = IDENTITY.copy()
    shifted[0, :, 2] = (30, 40)
    assert np.array_equal(warp_crops(portrait, shifted, (64, 32))[0], portrait[40:72, 30:94])


def test_doubling_keeps_the_corner_of_the_picture_in_the_corner() -> None:
    pixels = np.zeros((2, 2, 3), np.uint8)
    pixels[0, 0] = 200
    half = np.array([[[0.5, 0, 0], [0, 0.5, 0]]])
    # Two by two pixels of the crop share one pixel of the picture: symmetric about its centre.
    crop = warp_crops(pixels, half, (4, 4))[0, :, :, 0].astype(int)
    assert np.array_equal(crop, crop.T)
    assert crop[1, 1] > crop[2, 2]


def test_shrinking_averages_instead_of_aliasing() -> None:
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    by_eight = np.array([[[8, 0, 0], [0, 8, 0]]], np.float32)
    crop = warp_crops(stripes, by_eight, (64, 64))[0]
    assert np.abs(crop.astype(int) - 127).max() <= 2


@settings(deadline=None, max_examples=20)
@given(scale=st.floats(2.2, 12), x=st.floats(-50, 50), y=st.floats(-50, 50))
def test_shrinking_keeps_things_in_place(scale: float, x: float, y: float) -> None:
    rows, columns = np.mgrid[:400, :400]
    pixels = np.repeat(((rows + columns) / 800 * 255).astype(np.uint8)[:, :, None], 3, axis=2)
    matrix = np.array([[[scale, 0, 100 + x], [0, scale, 100 + y]]])
    crop = warp_crops(pixels, matrix, (16, 16))[0, :, :, 0]
    centres = transform_points(
        matrix[0], np.stack(np.mgrid[:16, :16][::-1], -1).reshape(-1, 2) + 0.5
    )
    expected = (centres.sum(axis=1) - 1) / 800 * 255
    inside = ((centres > scale) & (centres < 400 - scale)).all(axis=1)
    assert np.abs(crop.reshape(-1)[inside] - expected[inside]).max() < 3


def test_no_crop_and_no_face() -> None:
    assert warp_crops(np.zeros((4, 4, 3), np.uint8), IDENTITY[:0], (5, 6)).shape == (0, 6, 5, 3)
    assert alignment_maps(np.zeros((0, 468, 3)), "dlib150").shape == (0, 2, 3)


@given(
    turn=st.floats(-3, 3),
    scale=st.floats(0.1, 10),
    shift=st.tuples(st.floats(-99, 99), st.floats(-99, 99)),
)
def test_a_fit_equals_scikit_image(turn: float, scale: float, shift: tuple[float, float]) -> None:
    points = np.random.default_rng(0).normal(size=(6, 2)) * 20
    noisy = SimilarityTransform(scale=scale, rotation=turn, translation=shift)(points)
    noisy += np.random.default_rng(1).normal(size=noisy.shape) * scale
    reference = SimilarityTransform.from_estimate(points, noisy).params[:2]
    assert np.allclose(fit_similarity(points[None], noisy)[0], reference, atol=1e-3)


def test_inverting_twice_is_nothing() -> None:
    maps = square_roi(np.array([[5.0, 7]]), np.array([30.0]), np.array([0.4]), 64)
    assert np.allclose(invert(invert(maps)), maps, atol=1e-5)
    points = np.random.default_rng(0).normal(size=(1, 9, 3))
    there_and_back = transform_points(invert(maps), transform_points(maps, points))
    assert np.allclose(there_and_back, points, atol=1e-4)


def test_a_square_is_centred_and_turned() -> None:
    maps = square_roi(np.array([[50.0, 60]]), np.array([20.0]), np.array([np.pi / 2]), 10)
    corners = transform_points(maps[0], np.array([[5, 5], [10, 5]]))
    # A quarter turn clockwise: the crop's right-hand side lies below the centre.
    assert np.allclose(corners, [[50, 60], [50, 70]], atol=1e-4)


def test_dlibs_chip_is_where_dlib_cuts_it() -> None:
    # dlib 20.0: get_face_chip_details(full_object_detection(rectangle(0, 0, 99, 99),
    #   [(80, 40), (65, 41), (20, 40), (35, 41), (50, 70)]), size=150, padding=0.25)
    # .rect = (-1.39..., -1.0...) to be within a pixel of our corners.
    mesh = np.zeros((1, 468, 3), np.float32)
    for vertex, point in zip(
        (263, 362, 33, 133, 2), ((80, 40), (65, 41), (20, 40), (35, 41), (50, 70)), strict=True
    ):
        mesh[0, vertex, :2] = point
    corners = transform_points(alignment_maps(mesh, "dlib150")[0], np.array([[0, 0], [150, 150]]))
    side = corners[1] - corners[0]
    assert np.allclose(side, side[0], atol=1)


def test_an_unknown_alignment_lists_the_known_ones() -> None:
    with pytest.raises(ArrayError, match="arcface112"):
        alignment_maps(np.zeros((1, 468, 3)), "arcface113")


@pytest.mark.parametrize("name", ALIGNMENTS)
def test_points_land_on_their_targets(name: str) -> None:
    chosen = ALIGNMENTS[name]
    mesh = np.zeros((1, 468, 3), np.float32)
    for group, target in zip(chosen.vertices, chosen.targets_px, strict=True):
        mesh[0, list(group), :2] = np.asarray(target) * 2 + 10
    maps = alignment_maps(mesh, name)[0]
    assert np.allclose(maps, [[2, 0, 10], [0, 2, 10]], atol=1e-3)
