"""Raw quality measures on made-up crops: against loops, and against what must not matter."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.geometry.warp import warp_crops
from mien.tasks.quality_crops import (
    FACE_PX,
    WIDE_PX,
    block_part,
    face_maps,
    grey_crop,
    in_wide_crop,
    polygon_mask,
    to_grey,
    wide_maps,
)
from mien.tasks.quality_measures import (
    background_gradient,
    blockiness,
    cheek_overlap,
    detail_ratio,
    entropy_bits,
    luminance_shares,
)

ALL = np.ones((FACE_PX, FACE_PX), bool)
NONE = ~ALL


@pytest.fixture(scope="module")
def texture() -> np.ndarray:
    """Smoothed noise, (144,144) uint8."""
    noise = np.random.default_rng(0).normal(0, 1, (FACE_PX, FACE_PX))
    smooth = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return (128 + 40 * smooth / smooth.std()).clip(0, 255).astype(np.uint8)


def naive_detail(grey, mask):
    """The same ratio, pixel by pixel."""
    ratios = []
    for dx, dy in ((1, 0), (0, 1), (1, 1), (1, -1)):
        squares = []
        for distance in (2, 8):
            total, count = 0.0, 0
            for y in range(grey.shape[0]):
                for x in range(grey.shape[1]):
                    y2, x2 = y + distance * dy, x + distance * dx
                    if not (0 <= y2 < grey.shape[0] and 0 <= x2 < grey.shape[1]):
                        continue
                    if mask[y, x] and mask[y2, x2]:
                        total += (float(grey[y, x]) - float(grey[y2, x2])) ** 2
                        count += 1
            squares.append(total / count + 1 / 6)
        ratios.append((squares[0] / squares[1]) ** 0.5)
    return min(ratios)


def test_detail_equals_the_loop(texture):
    mask = polygon_mask(np.array([[30, 20], [100, 25], [90, 110], [40, 100]], np.float32), FACE_PX)
    assert detail_ratio(texture, mask) == pytest.approx(naive_detail(texture, mask), rel=1e-6)


@given(st.floats(0.5, 6))
def test_blur_takes_detail_and_contrast_does_not(texture, sigma):
    assert detail_ratio(cv2.GaussianBlur(texture, (0, 0), sigma), ALL) < detail_ratio(texture, ALL)
    weaker = (texture // 2).astype(np.uint8)
    assert detail_ratio(weaker, ALL) == pytest.approx(detail_ratio(texture, ALL), rel=0.02)


def test_motion_blur_shows_in_one_direction_only(texture):
    smeared = cv2.blur(texture, (9, 1))
    assert detail_ratio(smeared, ALL) < 0.75 * detail_ratio(texture, ALL)


def test_shares_and_entropy():
    grey = np.zeros((FACE_PX, FACE_PX), np.uint8)
    grey[:, FACE_PX // 2 :] = 200
    shares = luminance_shares(grey, ALL)
    assert shares[[0, 200]].tolist() == [0.5, 0.5]
    assert entropy_bits(shares) == pytest.approx(1)
    even = np.full(256, 1 / 256)
    assert entropy_bits(even) == pytest.approx(8)


def test_cheeks_overlap():
    grey = np.full((FACE_PX, FACE_PX), 100, np.uint8)
    assert cheek_overlap(grey, ALL) == 1
    grey[:, FACE_PX // 2 :] = 180
    assert cheek_overlap(grey, ALL) == 0


def test_nothing_seen_is_nan(texture):
    assert np.isnan(detail_ratio(texture, NONE))
    assert np.isnan(luminance_shares(texture, NONE)).all()
    assert np.isnan(cheek_overlap(texture, NONE))
    assert np.isnan(blockiness(texture[:20]))
    wide = np.zeros((WIDE_PX, WIDE_PX), np.uint8)
    outline = np.array([[20, 20], [44, 20], [32, 50]], np.float32)
    assert np.isnan(background_gradient(wide, np.zeros_like(wide, bool), outline))


def test_background_slope():
    outline = np.array([[24, 24], [40, 24], [32, 44]], np.float32)
    slope = np.tile(np.arange(WIDE_PX, dtype=np.uint8) * 3, (WIDE_PX, 1))
    inside = np.ones((WIDE_PX, WIDE_PX), bool)
    inside[:, [0, -1]] = False
    assert background_gradient(slope, inside, outline) == pytest.approx(3)
    # What lies in the head, or below the chin, does not count.
    slope[30:40, 28:36] = 255
    slope[50:] = 255
    assert background_gradient(slope, inside, outline) == pytest.approx(3)


@pytest.mark.parametrize("cut", [0, 3])
def test_blocks_are_found_on_any_grid(texture, cut):
    smooth = cv2.GaussianBlur(texture, (0, 0), 2)
    blocks = np.kron(smooth[::8, ::8], np.ones((8, 8), np.uint8))
    assert blockiness(smooth) < 0.2
    assert blockiness(blocks[cut:, cut:]) > 3
    half = (smooth.astype(int) + blocks) // 2
    assert blockiness(smooth) < blockiness(half[cut:, cut:].astype(np.uint8))


def test_grey_crop_is_the_grey_of_the_colour_crop(portrait):
    to_image = np.array([[[0.9, -0.3, 200], [0.3, 0.9, 40]]], np.float32)
    grey, inside = grey_crop(portrait, to_image[0], 100)
    colour = to_grey(warp_crops(portrait, to_image, (100, 100))[0])
    assert np.abs(grey.astype(int) - colour).max() <= 2
    assert inside.all()


@given(st.integers(2, 12), st.integers(0, 1))
def test_leaving_pixels_out_does_not_shift(scale, turned):
    ramp = np.tile(np.arange(240, dtype=np.uint8), (240, 1))
    ramp = np.repeat((ramp.T if turned else ramp)[:, :, None], 3, axis=2)
    to_image = np.array([[scale, 0, 5], [0, scale, 7]], np.float32)
    grey, inside = grey_crop(ramp, to_image, 16)
    at = scale * (np.arange(16) + 0.5) + (7 if turned else 5) - 0.5
    expected = np.tile(at, (16, 1))
    expected = expected.T if turned else expected
    assert np.abs(grey - expected)[inside].max() <= 1


def test_outside_the_picture(portrait):
    away = np.array([[1, 0, 5000], [0, 1, 5000]], np.float32)
    grey, inside = grey_crop(portrait, away, 32)
    assert not grey.any()
    assert not inside.any()
    half = np.array([[1, 0, -16], [0, 1, 100]], np.float32)
    assert grey_crop(portrait, half, 32)[1].mean() == pytest.approx(0.5, abs=0.06)


def test_wide_crop_shares_the_face_crops_frame():
    mesh = np.random.default_rng(1).uniform(50, 200, (2, 468, 3)).astype(np.float32)
    face_to = face_maps(mesh)
    wide_to = wide_maps(face_to)
    points = np.array([[10.0, 20.0], [72.0, 80.0]], np.float32)
    in_picture = points @ face_to[0, :, :2].T + face_to[0, :, 2]
    again = in_wide_crop(points) @ wide_to[0, :, :2].T + wide_to[0, :, 2]
    assert again == pytest.approx(in_picture, abs=1e-2)
    assert in_wide_crop(points[1]) == pytest.approx([WIDE_PX / 2, WIDE_PX / 2], abs=1e-4)


def test_block_part_starts_on_the_grid(portrait):
    rng = np.random.default_rng(2)
    for x, y, side in ((100, 80, 60), (3, 500, 40), (250, 250, 400), (600, 10, 50)):
        mesh = rng.uniform(0, side, (468, 3)) + np.array([x, y, 0])
        part = block_part(portrait, mesh)
        assert max(part.shape) <= 136
        if part.size:
            grey = to_grey(portrait)
            found = cv2.matchTemplate(grey, part, cv2.TM_SQDIFF)
            at = np.unravel_index(found.argmin(), found.shape)
            assert at[0] % 8 == at[1] % 8 == 0
        else:
            assert x >= 512
