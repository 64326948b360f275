"""Prototypes: known embedders, alterations that do what they say, pictures, galleries, command."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2hsv
from skimage.data import astronaut

import mien
from mien.errors import InputError, NoFaceError
from mien.explain.prototypes.alterations import CHARACTERISTICS, VARIANTS, altered, change_rms
from mien.explain.prototypes.likeness import likeness
from mien.types import Templates
from tests.apps.conftest import Run, run_mien  # noqa: F401


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    return np.ascontiguousarray(astronaut()[40:200, 140:300])


def grey(crops: np.ndarray) -> np.ndarray:
    return np.stack([cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in crops]).astype(float)


@pytest.mark.parametrize("name", CHARACTERISTICS)
def test_every_alteration_changes_the_crop_and_is_the_same_again(
    name: str, crop: np.ndarray
) -> None:
    made = altered(crop, name)
    assert made.shape == (VARIANTS, *crop.shape)
    assert made.dtype == np.uint8
    np.testing.assert_array_equal(made, altered(crop, name))
    for one in made:
        assert change_rms(crop, one[None]) > 0.5


def test_alterations_leave_the_other_characteristics(crop: np.ndarray) -> None:
    before = rgb2hsv(crop)
    clear = (before[..., 1] > 0.2) & (before[..., 2] > 0.2)
    for one in altered(crop, "hue"):
        after = rgb2hsv(one)
        assert np.abs(after[..., 1] - before[..., 1])[clear].mean() < 0.02
        assert np.abs(after[..., 2] - before[..., 2])[clear].mean() < 0.02
    # Less colour, one grey: brightness stays where nothing is cut off.
    faint = altered(crop, "saturation")[0]
    assert np.abs(grey(faint[None]) - grey(crop[None])).mean() < 1.5
    flat, steep = altered(crop, "contrast")[[0, -1]]
    assert grey(flat[None]).std() < 0.5 * grey(crop[None]).std() < grey(steep[None]).std()
    noisy = np.clip(crop + np.random.default_rng(0).normal(0, 8, crop.shape), 0, 255)
    rough = noisy.astype(np.uint8)
    smooth = altered(rough, "texture")[-1]
    assert cv2.Laplacian(smooth, cv2.CV_64F).std() < 0.6 * cv2.Laplacian(rough, cv2.CV_64F).std()
    # Bending moves pixels and makes no new colours.
    bent = altered(crop, "shape")[3]
    assert abs(bent.mean() - crop.mean()) < 2
    assert (altered(crop, "shape", seed=1) != altered(crop, "shape")).any()


def colour_embedder(crops: np.ndarray) -> np.ndarray:
    """A model that sees nothing but how far red is above green."""
    tint = (crops[..., 0].astype(float) - crops[..., 1]).mean(axis=(1, 2))
    angle = tint / 60
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def test_a_model_that_sees_colour_is_found_out(crop: np.ndarray) -> None:
    own = colour_embedder(crop[None])[0]
    others = np.stack([own, [own[1], -own[0]]])
    references = Templates(others, np.ones(2), "m@0")
    found = likeness(crop, colour_embedder, references, names=["itself", "other"], k=2)
    first, second = found.prototypes
    assert (first.name, first.rank, second.rank) == ("itself", 1, 2)
    assert first.score == pytest.approx(1)
    assert second.score == pytest.approx(0, abs=1e-6)
    because = first.because
    assert because["saturation"].low > 0.005
    assert because["hue"].low > 0.005
    for blind in ("texture", "shape"):
        assert abs(because[blind].value) < 0.1 * because["saturation"].value
    assert found.model_calls == 1 + len(CHARACTERISTICS) * VARIANTS
    assert "saturation" in found.to_text().split("2.")[0]
    # The other example is not alike at all: it has no weight.
    assert found.overall["hue"].value == pytest.approx(because["hue"].value, rel=1e-4)


@settings(max_examples=10)
@given(st.permutations(range(4)))
def test_the_order_of_the_references_changes_nothing(order: list[int]) -> None:
    crop = np.ascontiguousarray(astronaut()[40:72, 140:172])
    angles = np.array([0.1, 0.5, 0.9, 2.0])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    one = likeness(
        crop, colour_embedder, Templates(vectors, np.ones(4), "m@0"), names=list("abcd"), k=9
    )
    other = likeness(
        crop,
        colour_embedder,
        Templates(vectors[order], np.ones(4), "m@0"),
        names=["abcd"[place] for place in order],
        k=9,
    )
    assert [p.name for p in one.prototypes] == [p.name for p in other.prototypes]
    assert len(one.prototypes) == 4
    for name in CHARACTERISTICS:
        assert one.overall[name].value == pytest.approx(other.overall[name].value, abs=1e-7)


def test_no_references_and_wrong_names(crop: np.ndarray) -> None:
    nobody = Templates(np.zeros((0, 2), np.float32), np.zeros(0), "m@0")
    found = likeness(crop, colour_embedder, nobody)
    assert found.prototypes == ()
    assert np.isnan(found.overall["hue"].value)
    assert found.to_text() == "The set has no example."
    with pytest.raises(InputError, match="1 names, 0 references"):
        likeness(crop, colour_embedder, nobody, names=["a"])
    with pytest.raises(InputError, match="k = 0"):
        likeness(crop, colour_embedder, nobody, k=0)


def test_among_pictures_and_in_a_gallery(portrait: np.ndarray, tmp_path: Path) -> None:
    darker = (portrait * 0.6).astype(np.uint8)
    found = mien.prototypes(portrait, [darker, portrait[:, ::-1], portrait[300:, :200]])
    assert len(found.prototypes) == 2
    assert found.prototypes[0].score == pytest.approx(
        max(mien.verify(portrait, one).score for one in (darker, portrait[:, ::-1])), abs=2e-4
    )
    assert json.loads(json.dumps(found.to_dict()))["model_calls"] == 41
    gallery = mien.Gallery.open(tmp_path / "g")
    with pytest.raises(NoFaceError, match="no reference"):
        mien.prototypes(portrait, gallery=gallery)
    gallery.enrol(mien.embed(darker), mien.Subject(name="Eileen"))
    (one,) = mien.prototypes(portrait, gallery=gallery).prototypes
    gallery.close()
    assert one.name == "Eileen (reference 1)"
    with pytest.raises(InputError, match="either references or a gallery"):
        mien.prototypes(portrait)
    with pytest.raises(NoFaceError, match="show no face"):
        mien.prototypes(portrait, [portrait[300:, :200]])


def test_the_command(run_mien: Run, portrait_file: Path) -> None:  # noqa: F811
    done = run_mien("prototypes", portrait_file, portrait_file.parent)
    assert done.returncode == 0, done.stderr
    (one,) = json.loads(done.stdout)["prototypes"]
    assert one["score"] == pytest.approx(1, abs=1e-3)
    done = run_mien("prototypes", portrait_file)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
