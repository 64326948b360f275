"""The shipped recogniser looked into: the same scores as its ONNX file, maps that say something."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("lightning_fabric", reason="needs the extra train")

import mien
from mien.explain.case import Case
from mien.explain.comparison import match_case
from mien.explain.explaining import find
from mien.explain.inside.component_effects import component_effects
from mien.explain.inside.watching import score_crops
from mien.explain.opened import (
    SCORE_TOLERANCE,
    opened_model,
    shuffled_case,
    with_model,
)
from mien.types import Analysis, Image

METHODS = ("excitation", "excitation_contrastive", "excitation_subtree", "grad_cam")


@pytest.fixture(scope="module")
def analysed(portrait_image: Image) -> Analysis:
    return mien.analyze(portrait_image, tasks=("landmarks", "embed"))


@pytest.fixture(scope="module")
def case(portrait_image: Image, analysed: Analysis, portrait: np.ndarray) -> Case:
    """The astronaut against herself in other colours and another light."""
    other = np.clip(portrait[:, :, [0, 2, 1]] * 0.7 + 30, 0, 255).astype(np.uint8)
    mate = mien.analyze(other, tasks=("landmarks", "embed"))
    return match_case(portrait_image, analysed, 0, mate.templates)


def altered(case: Case) -> np.ndarray:
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, case.crop.shape, dtype=np.uint8)
    return np.stack([case.crop, case.crop[:, ::-1], case.crop[::-1], noise])


def test_torch_and_the_onnx_file_give_the_same_scores(case: Case) -> None:
    opened = opened_model(case, "test")
    np.testing.assert_allclose(
        score_crops(opened, altered(case)), case.score(altered(case)), atol=1e-4
    )
    assert with_model(case, opened).inside is opened
    assert SCORE_TOLERANCE > 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_methods_look_at_the_face(method: str, case: Case) -> None:
    found = find(case, method=method)
    assert found.base_score == pytest.approx(float(case.score(case.crop[None])[0]), abs=1e-5)
    assert found.map.shape == (150, 150)
    assert found.map.any()
    face = case.labels != case.regions.index("background")
    if method.startswith("excitation"):
        assert np.abs(found.map[face]).mean() > np.abs(found.map[~face]).mean()


def test_a_model_that_has_forgotten_all_says_something_else(case: Case) -> None:
    blind = shuffled_case(case, altered(case)[1:2], seed=0)
    known, unknown = (find(one, method="excitation_contrastive").map for one in (case, blind))
    correlation = np.corrcoef(known.ravel(), unknown.ravel())[0, 1]
    assert abs(correlation) < 0.5
    again = shuffled_case(case, altered(case)[1:2], seed=0)
    np.testing.assert_array_equal(again.score(altered(case)), blind.score(altered(case)))


def test_components_of_the_recogniser_predict_ablations(case: Case) -> None:
    """One layer of 32 channels; on all 28 layers it takes thousands of ablations."""
    effects = component_effects(opened_model(case, "test"), case.crop, layers=[1], ablations=80)
    assert len(effects.effects) == 32
    assert effects.r2 > 0.5


def test_the_verb_takes_methods_that_look_inside(portrait_image: Image) -> None:
    first, _ = mien.explain(portrait_image, portrait_image, method="excitation_subtree")
    assert first.map.shape == (512, 512)
    assert first.base_score == pytest.approx(1, abs=0.01)


def test_an_attribute_has_no_torch_model(portrait_image: Image) -> None:
    with pytest.raises(mien.MienError, match="looks inside a torch model, and the case has none"):
        mien.explain(portrait_image, target="apparent_age", method="grad_cam")


def test_a_contrast_is_taken_against(case: Case, analysed: Analysis) -> None:
    opened = opened_model(case, "test")
    against = replace(opened, contrast=opened.target[::-1].copy())
    less = score_crops(replace(against, target=against.contrast, contrast=None), altered(case))
    np.testing.assert_allclose(
        score_crops(against, altered(case)), score_crops(opened, altered(case)) - less, atol=1e-5
    )
