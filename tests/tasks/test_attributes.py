"""What age, gender, ancestry and expression have in common, on the portrait and its variants."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien import Analyzer
from mien.errors import InputError, ModelNotFoundError
from mien.models import has_model, registry
from mien.tasks.age import AgeTask
from mien.tasks.ancestry import ANCESTRIES, AncestryTask
from mien.tasks.expression import EXPRESSIONS, ExpressionTask
from mien.tasks.gender import GENDERS, GenderTask
from mien.tasks.task import Options
from mien.types import Analysis, Faces, Failure, Image

COLUMNS = {
    "age": "apparent_age",
    "gender": "apparent_gender",
    "ancestry": "apparent_ancestry",
    "expression": "expression",
}
CLASSES = {"gender": GENDERS, "ancestry": ANCESTRIES, "expression": EXPRESSIONS}
TASKS = (AgeTask, GenderTask, AncestryTask, ExpressionTask)
NEEDS_RESEARCH = ("ancestry", "expression")


@pytest.fixture(params=["with research weights", "without"])
def installed(request, monkeypatch):
    """Both installations; the first is skipped where the research weights are not there."""
    registry._installed.cache_clear()
    if request.param == "without":
        monkeypatch.setattr(registry, "entry_points", lambda group: [])
    elif not has_model("mlp.age"):
        pytest.skip("needs mien-weights-research")
    yield request.param
    registry._installed.cache_clear()


@pytest.fixture
def runnable(installed):
    """The tasks that can run in this installation."""
    return [name for name in COLUMNS if installed != "without" or name not in NEEDS_RESEARCH]


def test_the_portrait_is_read_as_people_read_it(portrait_image, runnable):
    (face,) = Analyzer(runnable, threads=1).analyze(portrait_image).found
    age = face.attribute("apparent_age")
    assert 25 < age["value"] < 60
    assert 2 < age["spread"] < 15
    assert face.attribute("apparent_gender")["probabilities"]["female"] > 0.8
    if "ancestry" in runnable:
        assert face.attribute("apparent_ancestry")["probabilities"]["white"] > 0.5
        assert face.expression == "happy"


def test_columns_are_well_formed_and_no_face_gives_empty_ones(varied, runnable):
    analyses = Analyzer(runnable, threads=1).run(varied)
    assert {len(analysis.found) for analysis in analyses} >= {0, 1, 3}
    for analysis in analyses:
        faces = analysis.found
        for name in runnable:
            column = faces.attributes[COLUMNS[name]]
            assert len(column) == len(faces)
            assert np.isfinite(column.values).all()
            if name == "age":
                assert (column.unit, column.kind) == ("years", "scalar")
                assert (column.spread > 0).all()
                assert ((column.values >= 0) & (column.values <= 100)).all()
            else:
                assert column.labels == CLASSES[name]
                assert np.allclose(column.values.sum(axis=1), 1, atol=1e-5)


def test_a_batch_equals_its_pictures_and_slicing_commutes(varied, runnable):
    analyzer = Analyzer(runnable, threads=1)
    together = analyzer.run(varied)
    for image, analysis in zip(varied, together, strict=True):
        alone = analyzer.analyze(image)
        for name in runnable:
            column = COLUMNS[name]
            values = analysis.found.attributes[column].values
            assert np.allclose(values, alone.found.attributes[column].values, atol=1e-2)
            last = analysis.found[-1:].attributes[column].values
            assert np.array_equal(last, values[-1:])


def test_a_tilted_face_reads_like_an_upright_one(portrait, runnable):
    matrix = cv2.getRotationMatrix2D((220, 120), 30, 1.0)
    tilted = cv2.warpAffine(portrait, matrix, (512, 512))
    analyzer = Analyzer(runnable, threads=1)
    upright, turned = (analyzer.analyze(pixels).found[0] for pixels in (portrait, tilted))
    assert turned.age == pytest.approx(upright.age, abs=8)
    assert turned.gender == upright.gender
    assert turned.expression == upright.expression


def test_nothing_gives_nothing(runnable):
    for task in (task(Options()) for task in TASKS if task.name in runnable):
        assert task([], []) == []


def test_a_failed_picture_stays_as_it_is(runnable):
    image = Image(np.zeros((8, 8, 3), np.uint8))
    failed = Analysis("x", error=Failure("ImageReadError", "broken"))
    empty = Analysis("y", faces=Faces.empty((8, 8)))
    for task in (task(Options()) for task in TASKS if task.name in runnable):
        first, second = task([image, image], [failed, empty])
        assert first is failed
        assert len(second.found.attributes[COLUMNS[task.name]]) == 0


@pytest.mark.parametrize("installed", ["without"], indirect=True)
def test_without_research_weights_it_says_why_and_how(installed):
    for task in (AncestryTask(Options()), ExpressionTask(Options())):
        assert "research" in task.missing()
        assert "pip install mien-weights-research" in task.missing()
        with pytest.raises(ModelNotFoundError, match="pip install mien-weights-research"):
            Analyzer([task.name])
    assert {"ancestry", "expression"} <= set(Analyzer().skipped)
    assert (AgeTask(Options()).models(), GenderTask(Options()).models()) == (
        ("resnet10.age",),
        ("cnn.gender",),
    )


def test_models_and_model_ids_name_what_was_read(portrait_image, installed):
    analysis = Analyzer(["age", "gender"], threads=1).analyze(portrait_image)
    column = analysis.found.attributes["apparent_age"]
    stem = "resnet10.age@" if installed == "without" else "mlp.age@"
    assert column.model_id.startswith(stem)
    assert AgeTask(Options()).missing() is None


def test_heads_read_templates_of_one_embedder_only():
    if not has_model("mlp.ancestry"):
        pytest.skip("needs mien-weights-research")
    other = Options(embedder="mobileface.256")
    assert "'mobileface.256'" in AncestryTask(other).missing()
    assert AncestryTask(other).models() == ()
    assert AgeTask(other).models() == ("resnet10.age",)


def test_a_head_without_templates_says_what_to_run(portrait_image):
    if not has_model("mlp.ancestry"):
        pytest.skip("needs mien-weights-research")
    analyses = Analyzer(["landmarks"], threads=1).run([portrait_image])
    with pytest.raises(InputError, match="run the task 'embed'"):
        AncestryTask(Options())([portrait_image], analyses)
