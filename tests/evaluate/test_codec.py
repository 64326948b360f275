"""Analyses survive the cache exactly."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from mien import Analyzer
from mien.evaluate.codec import decode, encode
from mien.types import Analysis, Attribute, Faces, Image


@pytest.fixture(scope="module")
def analysis(portrait_image: Image) -> Analysis:
    return Analyzer(("age", "gender", "pose", "quality", "embed"), threads=1).analyze(
        portrait_image
    )


def same_attributes(one: dict[str, Attribute], other: dict[str, Attribute]) -> None:
    assert list(one) == list(other)
    for name, column in one.items():
        for item in fields(column):
            np.testing.assert_array_equal(
                getattr(column, item.name), getattr(other[name], item.name)
            )


def test_everything_that_figures_need_comes_back(analysis: Analysis) -> None:
    again = decode(encode(analysis), analysis.source)
    assert again.to_dict(landmarks=("five", "ibug68")) == analysis.to_dict(
        landmarks=("five", "ibug68")
    )
    same_attributes(dict(again.found.attributes), dict(analysis.found.attributes))
    assert again.templates is not None
    assert analysis.templates is not None
    np.testing.assert_array_equal(again.templates.vectors, analysis.templates.vectors)
    np.testing.assert_array_equal(again.templates.norm, analysis.templates.norm)
    assert again.templates.model_id == analysis.templates.model_id


def test_no_face_and_attributes_of_the_picture() -> None:
    column = Attribute(np.array([0.5]), "scalar", "m@1")
    bare = Analysis("a", "00", (4, 3), Faces.empty((4, 3))).with_image_attribute("light", column)
    again = decode(encode(bare), "b")
    assert len(again.found) == 0
    assert again.templates is None
    assert (again.source, again.content_sha256, again.image_size_wh) == ("b", "00", (4, 3))
    same_attributes(dict(again.image_attributes), {"light": column})


def test_maps_and_meshes_are_left_out(analysis: Analysis) -> None:
    assert "mesh478" in analysis.found.landmarks
    column = Attribute(np.zeros((1, 2, 2), np.uint8), "map", "m@1")
    again = decode(encode(analysis.with_image_attribute("regions", column)), None)
    assert not again.image_attributes
    assert set(again.found.landmarks) == {"five", "ibug68"}
