"""The central types: frozen, checked, and sliced in every column at once."""

from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError, TemplateMismatchError
from mien.types import (
    Analysis,
    Attribute,
    Boxes,
    Faces,
    Failure,
    Image,
    Landmarks,
    OperatingPoint,
    Templates,
)


def some_faces(n: int, seed: int = 0) -> Faces:
    """N faces with every kind of column."""
    generator = np.random.default_rng(seed)
    corners = generator.uniform(0, 50, (n, 2))
    probabilities = generator.dirichlet([1, 1], n)
    return Faces(
        (100, 80),
        Boxes(np.hstack([corners, corners + generator.uniform(5, 40, (n, 2))])),
        generator.uniform(0, 1, n),
        {"five": Landmarks(generator.uniform(0, 80, (n, 5, 2)), "five", np.ones((n, 5)))},
        {
            "apparent_age": Attribute(
                generator.uniform(1, 80, n), "scalar", "m@1", unit="years", spread=np.ones(n)
            ),
            "apparent_gender": Attribute(probabilities, "probability", "m@1", ("female", "male")),
            "pose": Attribute(generator.normal(size=(n, 2)), "scalar", "m@1", ("yaw_deg", "x")),
            "kind": Attribute(np.arange(n) % 2, "label", "m@1", ("a", "b")),
            "mask": Attribute(np.zeros((n, 4, 4), np.uint8), "map", "m@1"),
        },
        np.zeros(n),
    )


def same(a: Faces, b: Faces) -> bool:
    """Equal in every column."""
    return (
        np.array_equal(a.boxes.xyxy, b.boxes.xyxy)
        and np.array_equal(a.detection_score, b.detection_score)
        and all(np.array_equal(a.landmarks[k].points, b.landmarks[k].points) for k in a.landmarks)
        and all(
            np.array_equal(a.attributes[k].values, b.attributes[k].values) for k in a.attributes
        )
        and a.to_dict() == b.to_dict()
    )


@given(n=st.integers(0, 8), seed=st.integers(0, 99), data=st.data())
def test_slicing_commutes_and_covers_every_column(n: int, seed: int, data: st.DataObject) -> None:
    faces = some_faces(n, seed)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), bool)
    rows = np.flatnonzero(mask)
    assert same(faces[mask], faces[rows])
    assert [face.box for face in faces[mask]] == [faces[int(row)].box for row in rows]
    assert faces[mask].to_dict() == [faces.to_dict()[row] for row in rows]


def test_no_face_is_not_an_unknown_number_of_faces() -> None:
    assert len(Faces.empty((10, 10))) == 0
    assert Faces.empty((10, 10)).to_dict() == []
    assert Analysis("x").faces is None


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ArrayError, match="boxes 0, detection_score 1"):
        Faces((5, 5), Boxes.empty(), np.zeros(1))
    faces = some_faces(3)
    with pytest.raises(ArrayError, match="apparent_age 2"):
        faces.with_attribute("apparent_age", Attribute(np.zeros(2), "scalar", "m"))


def test_values_cannot_be_changed() -> None:
    faces = some_faces(2)
    with pytest.raises(ValueError, match="read-only"):
        faces.boxes.xyxy[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        faces.boxes = Boxes.empty()  # type: ignore[misc]
    with pytest.raises(TypeError):
        faces.attributes["x"] = faces.attributes["pose"]  # type: ignore[index]
    faces.with_attribute("more", faces.attributes["pose"])
    assert "more" not in faces.attributes


def test_the_callers_array_stays_writable() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    Image(pixels)
    pixels[0, 0] = 1


def test_a_typo_is_an_error() -> None:
    with pytest.raises(AttributeError):
        some_faces(1)[0].gendre  # type: ignore[attr-defined]  # noqa: B018


def test_a_face_reads_plain_values() -> None:
    face = some_faces(1)[0]
    assert isinstance(face.age, float)
    assert face.gender in ("female", "male")
    assert face.expression is None
    assert face.landmarks("ibug68") is None


def test_json_is_plain_and_nan_is_null() -> None:
    faces = some_faces(2).with_attribute("pose", Attribute(np.array([np.nan, 1]), "scalar", "m"))
    text = json.dumps(Analysis("a", faces=faces).to_dict(), allow_nan=False)
    assert json.loads(text)["faces"][0]["pose"] == {"value": None}
    failed = Analysis("a", error=Failure("ImageReadError", "broken")).to_dict()
    assert failed["error"] == {"kind": "ImageReadError", "message": "broken"}
    assert failed["faces"] == []


def test_everything_pickles() -> None:
    analysis = Analysis("a", faces=some_faces(3))
    again = pickle.loads(pickle.dumps(analysis))
    assert same(analysis.found, again.found)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Boxes(np.zeros((3, 5))), r"\(3, 5\), expected \(N, 4\)"),
        (lambda: Boxes(np.full((1, 4), np.nan)), "NaN"),
        (lambda: Boxes([["a"] * 4]), "cannot be read"),
        (lambda: Landmarks(np.zeros((1, 5, 2)), "six"), "'six'"),
        (lambda: Landmarks(np.zeros((1, 6, 2)), "five"), r"\(1, 6, 2\)"),
        (lambda: Landmarks(np.zeros((1, 5, 4)), "five"), r"\(1, 5, 4\)"),
        (lambda: Image(np.zeros((4, 4), np.uint8)), r"\(4, 4\)"),
        (lambda: Image(np.zeros((4, 4, 3))), "float64"),
        (lambda: Image(np.zeros((0, 4, 3), np.uint8)), "empty"),
        (lambda: Attribute(np.zeros((2, 3)), "probability", "m", ("a", "b")), "3 columns"),
        (lambda: Attribute(np.zeros((2, 3)), "scalar", "m"), "expected 1 dim"),
        (lambda: Templates(np.ones((2, 4)), np.ones(2), "m"), "unit vectors"),
        (lambda: Templates.from_raw(np.zeros((1, 4)), "m"), "zero vector"),
        (lambda: Templates.from_raw(np.full((1, 4), np.inf), "m"), "infinity"),
    ],
)
def test_refusals_say_what_was_got(build: object, message: str) -> None:
    with pytest.raises(ArrayError, match=message):
        build()  # type: ignore[operator]


@given(n=st.integers(0, 6), seed=st.integers(0, 99))
def test_templates_are_unit_vectors_that_keep_their_length(n: int, seed: int) -> None:
    raw = np.random.default_rng(seed).normal(size=(n, 8)).astype(np.float32)
    templates = Templates.from_raw(raw, "m@1")
    assert np.allclose(templates.vectors * templates.norm[:, None], raw, atol=1e-5)
    joined = Templates.concatenate([templates[:2], templates[2:]])
    assert np.array_equal(joined.vectors, templates.vectors)


def test_templates_of_two_models_do_not_mix() -> None:
    a = Templates.from_raw(np.ones((1, 4)), "a@1")
    b = Templates.from_raw(np.ones((1, 4)), "b@1")
    with pytest.raises(TemplateMismatchError, match=r"a@1 and b@1"):
        Templates.concatenate([a, b])


def test_a_score_at_the_threshold_is_a_match() -> None:
    point = OperatingPoint(0.5, 1e-3, "pairs", 1000, "m@1")
    assert point.decide(0.5).decision
    assert not point.decide(np.nextafter(0.5, 0)).decision
    assert point.decide(0.5).probability is None
