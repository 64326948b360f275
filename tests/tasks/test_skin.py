"""Skin tone and lighting: colours with known angles, and what must and must not move them."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from mien.tasks.lighting import lighting
from mien.tasks.pipeline import Analyzer
from mien.tasks.skin_crops import even_skin, lab_crops
from mien.tasks.skin_scales import ITA_CLASSES, ita_class, monk_class
from mien.tasks.skin_tone import skin_tone
from mien.types import Image


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(("skin_tone", "lighting"), threads=1)


def read(analyzer: Analyzer, pixels: np.ndarray, name: str) -> np.ndarray:
    (analysis,) = analyzer.run([Image(np.ascontiguousarray(pixels))])
    return analysis.found.attributes[name].values[0]


def test_ita_by_its_definition() -> None:
    pixels = np.tile([[70.0, 12, 20]], (100, 1))
    ita, lightness, red, yellow = skin_tone(pixels)
    assert ita == pytest.approx(np.rad2deg(np.arctan(20 / 20)))
    assert (lightness, red, yellow) == (70, 12, 20)
    # Darker than mid grey the angle is below 0; without yellow it does not blow up.
    assert skin_tone(np.tile([[30.0, 12, 20]], (100, 1)))[0] == pytest.approx(-45)
    assert skin_tone(np.tile([[70.0, 12, 0]], (100, 1)))[0] == pytest.approx(90)
    assert np.isnan(skin_tone(pixels[:59])).all()


def test_classes_at_their_borders() -> None:
    angles = np.array([80, 55.01, 55, 41, 28, 10, -30, -31, np.nan])
    names = [ITA_CLASSES[i] for i in (0, 0, 1, 2, 3, 4, 5, 5)]
    assert ita_class(angles).tolist() == [*names, ""]


def test_monk_swatches_are_their_own_nearest() -> None:
    # skimage.color.rgb2lab of the ten published swatches.
    swatches = ["f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96"]
    swatches += ["a07e56", "825c43", "604134", "3a312a", "292420"]
    rgb = np.array([list(bytes.fromhex(text)) for text in swatches]) / 255
    found = monk_class(rgb2lab(rgb))
    assert found.tolist() == [f"MST {number}" for number in range(1, 11)]
    assert monk_class(np.full((1, 3), np.nan)).tolist() == [""]
    assert monk_class(np.zeros((0, 3))).shape == (0,)


def test_shadow_and_shine_are_left_out() -> None:
    rng = np.random.default_rng(0)
    lab = np.zeros((40, 40, 3))
    lab[..., 0] = rng.normal(60, 1, (40, 40))
    lab[..., 1:] = 10, 20
    lab[:8, :, 0], lab[-3:, :, 0] = 15, 97
    kept = even_skin(lab, np.ones((40, 40), bool))
    assert kept[:, 0].min() > 55
    assert kept[:, 0].max() < 65
    assert len(even_skin(lab, np.zeros((40, 40), bool))) == 0


def test_the_lighter_cheek_is_found() -> None:
    lightness = np.full((20, 20), 50.0)
    lightness[:, 10:] = 70
    areas = np.zeros((3, 20, 20), bool)
    areas[0, :, 12:], areas[1, :, :8] = True, True
    brightness, contrast, left_right = lighting(lightness, areas)
    assert left_right == 20
    assert contrast > 9
    assert brightness in (50, 60, 70)
    assert np.isnan(lighting(lightness, np.zeros((3, 20, 20), bool))).all()


def test_a_mirrored_portrait_is_lit_from_the_other_side(analyzer, portrait) -> None:
    here, there = (read(analyzer, p, "lighting") for p in (portrait, portrait[:, ::-1]))
    assert here[2] == pytest.approx(-there[2], abs=1.5)
    assert abs(here[2]) > 2
    assert here[:2] == pytest.approx(there[:2], abs=1.5)


def test_darker_skin_has_a_smaller_angle_and_light_moves_it_too(analyzer, portrait) -> None:
    lab = rgb2lab(portrait)
    darker = lab.copy()
    darker[..., 0] *= 0.6
    dark = (lab2rgb(darker) * 255).round().astype(np.uint8)
    as_is, made_dark = (read(analyzer, p, "skin_tone") for p in (portrait, dark))
    assert made_dark[0] < as_is[0] - 30
    assert made_dark[1] == pytest.approx(0.6 * as_is[1], rel=0.05)
    # The same person in half the light: the angle is a property of the picture.
    half = read(analyzer, portrait // 2, "skin_tone")
    assert half[0] < as_is[0] - 20


def test_no_face_and_a_face_outside(analyzer) -> None:
    (analysis,) = analyzer.run([Image(np.full((64, 64, 3), 127, np.uint8))])
    assert analysis.found.attributes["skin_tone"].values.shape == (0, 4)
    crops, areas = lab_crops(
        np.zeros((32, 32, 3), np.uint8),
        np.full((1, 478, 3), 1e4, np.float32)
        + np.random.default_rng(0).normal(size=(1, 478, 3)).astype(np.float32),
    )
    assert crops.shape == (1, 144, 144, 3)
    assert not areas.any()
