"""Embedding: one template a face, comparable across pictures, pinned to how it was made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import ModelError, TemplateMismatchError
from mien.models import load
from mien.recognition.verify import comparison_score
from mien.tasks.embed import embed_crops
from mien.types import Image
from tests.models.conftest import write_recogniser


def test_the_same_face_scores_high_and_the_mirror_image_the_same(varied: list[Image]) -> None:
    original, mirrored, small = (mien.embed(varied[index]) for index in (0, 1, 2))
    assert comparison_score(original, mirrored) > 0.97
    assert comparison_score(original, small) > 0.95


def test_mirrored_averaging_by_hand() -> None:
    network = load("resnet29.dlib")
    crops = np.random.default_rng(0).integers(0, 256, (3, 150, 150, 3), np.uint8)
    one = network(crops)["embedding"]
    other = network(np.ascontiguousarray(crops[:, :, ::-1]))["embedding"]
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (one, other)]
    expected = sum(unit) / np.linalg.norm(sum(unit), axis=1, keepdims=True)
    got = embed_crops(crops, network, mirror=True)
    got = got / np.linalg.norm(got, axis=1, keepdims=True)
    assert np.allclose(got, expected, atol=1e-5)
    assert np.allclose(embed_crops(crops, network, mirror=False), one, atol=1e-5)


def test_templates_made_differently_are_not_compared(portrait_image: Image) -> None:
    default = mien.embed(portrait_image)
    for options in ({"mirror": False}, {"mesh": "facemesh.plain"}):
        other = mien.embed(portrait_image, **options)
        with pytest.raises(TemplateMismatchError, match="one model"):
            comparison_score(default, other)


def test_a_recogniser_of_ones_own(tmp_path: Path, portrait_image: Image) -> None:
    spec = write_recogniser(tmp_path)
    templates = mien.embed(portrait_image, embedder=str(spec))
    assert templates.dimension == 48
    assert templates.model_id.startswith("tiny.own@")
    crop = mien.align(portrait_image, "arcface112")[0].pixels.astype(np.float32)
    both = [(c - 127.5) / 127.5 for c in (crop, crop[:, ::-1])]
    vectors = [
        c.reshape(4, 28, 4, 28, 3).mean(axis=(1, 3)).transpose(2, 0, 1).ravel() for c in both
    ]
    expected = sum(v / np.linalg.norm(v) for v in vectors)
    assert np.dot(templates.vectors[0], expected / np.linalg.norm(expected)) > 0.9999


def test_an_own_recogniser_has_no_threshold_of_another(
    tmp_path: Path, portrait_image: Image
) -> None:
    spec = write_recogniser(tmp_path)
    with pytest.raises(ModelError, match="no threshold was measured"):
        mien.verify(portrait_image, portrait_image, embedder=str(spec))


def test_an_unknown_alignment_is_named(tmp_path: Path) -> None:
    spec = write_recogniser(tmp_path)
    spec.write_text(spec.read_text().replace("arcface112", "arcface113"))
    with pytest.raises(ModelError, match="'arcface113' is none of"):
        mien.Analyzer(("embed",), embedder=str(spec))
