"""An exported run is a model that mien finds, loads and runs as torch did."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from mien.errors import InputError
from mien.models import Network, get_spec, read_spec
from mien.train import checkpoint
from mien.train.engine import fit
from mien.train.examples import Examples
from mien.train.export import export_run
from mien.train.registry import part
from mien.train.validation import validation_of
from tests.train.conftest import striped


@pytest.fixture(scope="module")
def exported(tmp_path_factory, tiny):
    folder = tmp_path_factory.mktemp("export")
    recipe = tiny(card={"summary": "Stripes", "alignment": "box16", "not_for": "Faces."})
    examples = striped()
    fit(recipe, examples, folder=folder / "run", validate=validation_of("expression"))
    return recipe, examples, folder, export_run(folder / "run", recipe, examples, folder=folder)


def test_the_spec_is_one_of_mien_and_the_weights_are_its_own(exported):
    recipe, examples, _, written = exported
    spec = read_spec(written.spec)
    spec.verify()
    assert (spec.name, spec.task, spec.use) == (recipe.name, "expression", "research")
    assert spec.preprocess.in_graph
    assert spec.preprocess.size_wh == (16, 16)
    assert spec.accuracy["n"] == 10
    assert written.parity <= 1e-4
    model = onnx.load(spec.path)
    assert model.opset_import[0].version >= 17
    pictures = np.repeat(examples.inputs, 3, axis=3)
    network = Network(spec)
    probabilities = network(pictures)["probabilities"]
    assert (probabilities.argmax(axis=1) == examples.targets).mean() > 0.9
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(network(pictures[3:4])["probabilities"], probabilities[3:4], atol=1e-5)
    assert network(pictures[:0])["probabilities"].shape == (0, 2)
    mirrored = network(np.ascontiguousarray(pictures[:, :, ::-1]))["probabilities"]
    assert np.allclose(mirrored, probabilities, atol=1e-5)


def test_the_card_says_what_it_is_not_for_and_how_good_it_is_for_whom(exported):
    text = exported[3].spec.with_suffix(".md").read_text()
    for needed in ("Not for: Faces.", "along", "across", "95 % interval", "Terms of the data"):
        assert needed in text


def test_another_recipe_is_refused(exported, tiny):
    _, examples, folder, _ = exported
    with pytest.raises(InputError, match="another recipe"):
        export_run(folder / "run", tiny(batch=8), examples, folder=folder / "other")


def test_a_run_that_held_nothing_out_is_refused(tiny, tmp_path):
    recipe, examples = tiny(hold_out=0.0, epochs=1), striped()
    fit(recipe, examples, folder=tmp_path / "run")
    with pytest.raises(InputError, match="nothing was held out"):
        export_run(tmp_path / "run", recipe, examples, folder=tmp_path)


@pytest.mark.slow
def test_a_map_of_templates_becomes_a_recogniser(tiny, tmp_path, portrait):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(64, 128)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    people = np.repeat(np.arange(16), 4)
    examples = Examples(rows, people, np.arange(64).astype(str), subjects=people.astype(str))
    recipe = tiny(
        name="tiny.map",
        task="embed",
        classes=(),
        backbone=part("none"),
        head=part("embedding", blend=0.5),
        loss=part("group_margins"),
        augmentations=(),
        hold_out=0.3,
        epochs=2,
        after="resnet29.dlib",
    )
    fit(recipe, examples, folder=tmp_path / "run", validate=validation_of("embed"))
    spec = read_spec(export_run(tmp_path / "run", recipe, examples, folder=tmp_path).spec)
    assert (spec.preprocess.size_wh, spec.preprocess.in_graph) == ((150, 150), True)
    crops = np.stack([portrait[20:170, 100:250], portrait[:150, :150], portrait[99:249, 9:159]])
    raw = Network(get_spec("resnet29.dlib"))(crops)["embedding"]
    found = Network(spec)(crops)["embedding"]
    length = np.linalg.norm(raw, axis=1)
    assert np.allclose(np.linalg.norm(found, axis=1), length, rtol=1e-4)
    saved = checkpoint.load(tmp_path / "run" / checkpoint.BEST)["learner"]
    unit = raw / length[:, None]
    mapped = unit + 0.5 * unit @ saved["head.map.weight"].numpy().T
    mapped += saved["head.offset"].numpy()
    cosine = (mapped * found).sum(1) / np.linalg.norm(mapped, axis=1) / length
    # Weights are stored in half precision.
    assert (cosine > 1 - 1e-5).all()


def test_a_head_over_rows_becomes_a_vector_model(tiny, tmp_path):
    rng = np.random.default_rng(0)
    ages = rng.uniform(0, 20, 200).astype(np.float32)
    rows = np.stack([ages / 10, rng.normal(size=200)], axis=1).astype(np.float32)
    examples = Examples(rows, ages, np.arange(200).astype(str))
    recipe = tiny(
        name="tiny.age",
        task="age",
        classes=(),
        backbone=part("none"),
        head=part("ages", oldest=20, hidden=32, dropout=0.0),
        loss=part("age_distribution"),
        augmentations=(),
        epochs=20,
        batch=20,
        learning_rate=1e-2,
    )
    fit(recipe, examples, folder=tmp_path / "run", validate=validation_of("age"))
    written = export_run(tmp_path / "run", recipe, examples, folder=tmp_path)
    found = Network(read_spec(written.spec))(rows)
    assert np.abs(found["age"] - ages).mean() < 2
    assert (found["spread"] > 0).all()
