"""Pictures, maps and features: equal ones, order, sizes that do not fit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.ndimage import distance_transform_edt
from skimage.data import astronaut
from skimage.metrics import structural_similarity
from skimage.segmentation import find_boundaries

from mien.errors import ArrayError
from mien.metrics.generated import (
    frechet_distance,
    identity_similarity,
    kernel_distance,
    kernel_distance_of_subsets,
)
from mien.metrics.image_similarity import psnr, ssim
from mien.metrics.segmentation import boundary_f, segmentation

MASKS = arrays.arrays(bool, (9, 11))


@given(MASKS, MASKS, st.sampled_from([0.0, 1.0, 1.4, 1.5, 2.0, 2.3, 20.0]))
def test_boundaries_equal_distances_of_scipy(found, known, within) -> None:
    got = boundary_f(found, known, within_px=within)
    assert got == boundary_f(known, found, within_px=within) or math.isnan(got)
    # scikit-image marks both sides of a change; the inner side is that inside the mask.
    a, b = (find_boundaries(m, mode="inner", connectivity=1) & m for m in (found, known))
    if not a.any() or not b.any():
        assert math.isnan(got) if a.any() == b.any() else got == 0
        return
    precision = (distance_transform_edt(~b)[a] <= within).mean()
    recall = (distance_transform_edt(~a)[b] <= within).mean()
    total = precision + recall
    assert got == pytest.approx(2 * precision * recall / total if total else 0)


def test_counts_of_several_pictures_add_up() -> None:
    rng = np.random.default_rng(0)
    maps = rng.integers(0, 3, (4, 6, 7))
    apart = segmentation([(maps[0], maps[1]), (maps[2], maps[3])], n_classes=4)
    joined = segmentation([(np.hstack(maps[::2]), np.hstack(maps[1::2]))], n_classes=4)
    np.testing.assert_array_equal(apart.pixels, joined.pixels)
    assert math.isnan(apart.iou[3])
    assert apart.mean_iou == pytest.approx(apart.iou[:3].mean())
    assert apart.f1[:3] == pytest.approx(2 * apart.iou[:3] / (1 + apart.iou[:3]))


def test_ignored_pixels_and_classes_out_of_range() -> None:
    truth, found = np.array([[0, 255], [1, 1]]), np.array([[0, 1], [1, 0]])
    counted = segmentation([(found, truth)], n_classes=2, ignore=255)
    assert counted.pixels.tolist() == [[1, 0], [1, 1]]
    assert math.isnan(segmentation([], n_classes=2).mean_iou)
    with pytest.raises(ArrayError, match="truth: got classes 0 to 255"):
        segmentation([(found, truth)], n_classes=2)
    with pytest.raises(ArrayError, match=r"truth: got shape \(1, 2\)"):
        segmentation([(found, truth[:1])], n_classes=2)
    with pytest.raises(ArrayError, match="within_px: got -1"):
        boundary_f(truth > 0, truth > 0, within_px=-1)


def test_a_real_picture() -> None:
    first = astronaut()[::4, ::4]
    second = np.clip(first.astype(int) + 9, 0, 255).astype(np.uint8)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = structural_similarity(first, second, channel_axis=2, data_range=255, **options)
    assert ssim(first, second) == pytest.approx(expected, abs=1e-12)
    assert ssim(first, first) == pytest.approx(1)
    assert ssim(first, second) == pytest.approx(ssim(second, first))
    assert psnr(first, first) == math.inf
    assert psnr(first / 255, second / 255, data_range=1) == pytest.approx(psnr(first, second))


def test_pictures_that_do_not_fit() -> None:
    with pytest.raises(ArrayError, match="expected at least 11 x 11"):
        ssim(np.zeros((10, 20)), np.zeros((10, 20)))
    for wrong in (np.zeros((20, 21)), np.zeros(20), np.zeros((0, 20))):
        with pytest.raises(ArrayError, match="pictures: got shapes"):
            psnr(np.zeros((20, 20)) if wrong.size else wrong, wrong)
    with pytest.raises(ArrayError, match="pictures: hold NaN"):
        psnr(np.zeros((1, 1)), np.full((1, 1), math.nan))


def test_distances_of_features() -> None:
    rng = np.random.default_rng(0)
    real, made = rng.normal(0, 1, (200, 5)), rng.normal(1, 1, (200, 5))
    order = rng.permutation(200)
    for distance in (frechet_distance, kernel_distance):
        assert distance(real, made) == pytest.approx(distance(made[order], real))
        assert distance(real, made) > distance(real, real + 1e-3)
    # Two normals with unit variance, five means apart by 1: squared distance 5.
    assert frechet_distance(real, made) == pytest.approx(5, abs=0.8)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-9)
    mean, deviation = kernel_distance_of_subsets(real, made, size=50, subsets=20)
    assert mean == pytest.approx(kernel_distance(real, made), abs=3 * deviation)
    assert identity_similarity(real, -2 * real) == pytest.approx(-1)
    assert len(identity_similarity(real[:0], real[:0])) == 0


def test_features_that_do_not_fit() -> None:
    with pytest.raises(ArrayError, match="second: got shape"):
        frechet_distance(np.ones((3, 2)), np.ones((3, 3)))
    with pytest.raises(ArrayError, match="at least 2"):
        kernel_distance(np.ones((1, 2)), np.ones((3, 2)))
    with pytest.raises(ArrayError, match="size: got 5"):
        kernel_distance_of_subsets(np.ones((3, 2)), np.ones((3, 2)), size=5)
    with pytest.raises(ArrayError, match="length 0"):
        identity_similarity(np.zeros((1, 2)), np.ones((1, 2)))
    with pytest.raises(ArrayError, match="differ in length"):
        identity_similarity(np.ones((1, 2)), np.ones((2, 2)))
