"""Concepts: tables of attributes, scores that are made of known concepts, and ones that are not."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.data import astronaut
from sklearn.metrics import r2_score

from mien.errors import InputError, MissingExtraError
from mien.explain.concepts.asking import READINGS, concepts
from mien.explain.concepts.columns import Concepts, concepts_of
from mien.explain.concepts.fitting import fit_sparse, fit_tree, r2_estimate
from mien.types import Attribute, Boxes, Faces
from tests.apps.conftest import Run, run_mien  # noqa: F401

NAMES = tuple(f"concept {number}" for number in range(12))


def table(n: int, seed: int) -> Concepts:
    values = np.random.default_rng(seed).normal(size=(n, 12)) * np.arange(1, 13)
    return Concepts(NAMES, values.astype(np.float32))


def faces(n: int, **attributes: Attribute) -> Faces:
    boxes = Boxes(np.tile(np.array([0, 0, 9, 9], np.float32), (n, 1)))
    return Faces((9, 9), boxes, np.ones(n, np.float32), {}, attributes)


def test_a_score_of_two_concepts_is_read_back() -> None:
    fit, other = table(400, 0), table(200, 1)

    def score(known: Concepts) -> np.ndarray:
        noise = np.random.default_rng(2).normal(size=len(known)) * 0.3
        # One standard deviation of concept 3 (4) moves it by 2, of concept 7 (8) by -1.
        return known.values[:, 3] / 2 - known.values[:, 7] / 8 + noise

    found = fit_sparse(fit, score(fit), other, score(other))
    assert [name for name, _ in found.weights] == ["concept 3", "concept 7"]
    spread = np.sqrt(2**2 + 1**2 + 0.3**2)
    assert [weight for _, weight in found.weights] == pytest.approx(
        [2 / spread, -1 / spread], abs=0.05
    )
    assert found.r2.value == pytest.approx(1 - 0.3**2 / spread**2, abs=0.01)
    assert found.r2.low < found.r2.value < found.r2.high
    assert found.verdict == "explained"


def test_a_score_of_nothing_known_is_not_explained() -> None:
    fit, other = table(300, 0), table(200, 1)
    rng = np.random.default_rng(3)
    found = fit_sparse(fit, rng.normal(size=300), other, rng.normal(size=200))
    assert found.verdict == "not explained"
    assert len(found.weights) == 1
    tree = fit_tree(fit, rng.normal(size=300), other, rng.normal(size=200))
    assert tree.verdict == "not explained"


def test_a_tree_finds_a_question_that_no_sum_can_ask() -> None:
    fit, other = table(600, 0), table(300, 1)

    def score(known: Concepts) -> np.ndarray:
        return ((known.values[:, 2] > 0) == (known.values[:, 5] > 2)).astype(float)

    tree = fit_tree(fit, score(fit), other, score(other), depth=5)
    assert fit_sparse(fit, score(fit), other, score(other)).verdict == "not explained"
    assert {name for name, _ in tree.importance[:2]} == {"concept 2", "concept 5"}
    assert "concept 5" in tree.rules
    assert tree.fidelity.low > 0.5
    assert all(e.low <= e.value <= e.high for _, e in tree.importance)


@settings(max_examples=20)
@given(st.integers(2, 40), st.integers(0, 99))
def test_r2_is_that_of_scikit_learn(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, predicted = rng.normal(size=(2, n))
    assert r2_estimate(predicted, truth).value == pytest.approx(r2_score(truth, predicted))


def test_a_table_of_attributes() -> None:
    age = Attribute(np.array([20.0, np.nan, 40.0]), "scalar", "m@0")
    look = Attribute(np.array([[0.2, 0.8]] * 2 + [[0.6, 0.4]]), "probability", "m@0", ("a", "b"))
    still = Attribute(np.array([1.0, 1.0, 1.0]), "scalar", "m@0")
    never = Attribute(np.full(3, np.nan), "scalar", "m@0")
    one = faces(3, apparent_age=age, look=look, still=still, never=never)
    found = concepts_of([one[:2], faces(0), one[2:]])
    assert found.names == ("apparent_age", "look:a", "look:b")
    np.testing.assert_allclose(found.values[:, 0], [20, 30, 40])
    assert found.without("look").names == ("apparent_age",)
    np.testing.assert_array_equal(found[[2]].values, concepts_of([one]).values[[2]])
    with pytest.raises(InputError, match="different attributes"):
        concepts_of([one, faces(1, still=still[:1])])
    assert len(concepts_of([])) == 0


def test_too_few_faces_and_other_concepts() -> None:
    with pytest.raises(InputError, match="expected 30 or more"):
        fit_sparse(table(20, 0), np.arange(20.0), table(40, 1), np.arange(40.0))
    with pytest.raises(InputError, match="vary"):
        fit_tree(table(40, 0), np.ones(40), table(40, 1), np.arange(40.0))
    other = Concepts(NAMES[::-1], table(40, 1).values)
    with pytest.raises(InputError, match="same concepts"):
        fit_sparse(table(40, 0), np.arange(40.0), other, np.arange(40.0))


def test_without_scikit_learn_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"mien\[audit\]"):
        fit_sparse(table(40, 0), np.arange(40.0), table(40, 1), np.arange(40.0))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portrait 180 times, brighter and darker, turned and shifted a little."""
    folder = tmp_path_factory.mktemp("many")
    rng = np.random.default_rng(0)
    face = astronaut()[20:250, 120:350]
    for number in range(180):
        turn = cv2.getRotationMatrix2D((115, 115), rng.uniform(-15, 15), rng.uniform(0.85, 1))
        made = cv2.warpAffine(face, turn, (230, 230), borderMode=cv2.BORDER_REFLECT)
        made = np.clip(made * rng.uniform(0.35, 1.2), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number:03}.png"), made[:, :, ::-1])
    return folder


@pytest.mark.slow
def test_pictures_end_to_end(many: Path) -> None:
    found = concepts(many, "score", reference=astronaut(), threads=1)
    assert found.n_faces == found.n_pictures == 180
    assert found.sparse.r2.n == found.tree.fidelity.n
    assert found.sparse.n_fit + found.sparse.r2.n == 180
    assert not any(name.startswith(READINGS) for name, _ in found.sparse.weights)
    assert "need not be a cause" in found.to_text()


def test_the_command_says_what_is_missing(run_mien: Run, portrait_file: Path) -> None:  # noqa: F811
    done = run_mien("concepts", portrait_file, "--target", "unit:3")
    assert done.returncode == 2
    assert "expected 30 or more" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_be_asked(portrait: np.ndarray) -> None:
    with pytest.raises(InputError, match="goes with a reference"):
        concepts([portrait], "score")
    with pytest.raises(InputError, match="unit:0 to 127"):
        concepts([portrait], "unit:128")
    with pytest.raises(InputError, match="expected unit:N"):
        concepts([portrait], "kindness")
    with pytest.raises(InputError, match="expected 30 or more"):
        concepts([portrait, portrait[:, ::-1]], "unit:0")
