"""Specs, registry and runtime: shipped models and a user's own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import ArrayError, DeviceError, ModelError, ModelNotFoundError
from mien.models import (
    OWN_MODELS_VARIABLE,
    ModelSpec,
    Network,
    get_spec,
    list_specs,
    load,
    read_spec,
)
from tests.models.conftest import write_recogniser

SHIPPED = Path(mien.__file__).parent / "models" / "zoo"


@pytest.mark.parametrize("spec", list_specs(), ids=lambda spec: spec.name)
class TestEveryInstalledModel:
    """The contract of every model."""

    def test_its_file_is_the_one_that_was_verified(self, spec: ModelSpec) -> None:
        assert spec.weights.bytes == spec.path.stat().st_size
        spec.verify()

    def test_its_facts_are_stated(self, spec: ModelSpec) -> None:
        for fact in ("summary", "licence", "author", "source", "training_data", "data_terms"):
            assert getattr(spec, fact).strip(), fact
        assert spec.outputs

    def test_only_permissive_weights_are_in_the_main_wheel(self, spec: ModelSpec) -> None:
        assert (spec.folder == SHIPPED) == (spec.use == "permissive")

    def test_a_batch_equals_its_parts_and_nothing_gives_nothing(self, spec: ModelSpec) -> None:
        network = load(spec.name)
        inputs = network.session.get_inputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(uint8)":
            pytest.skip("takes the outputs of other networks, not a picture")
        width, height = spec.preprocess.size_wh
        crops = np.random.default_rng(0).integers(0, 256, (3, height, width, 3), np.uint8)
        together, empty = network(crops), network(crops[:0])
        for name in spec.outputs:
            alone = np.concatenate([network(crop[None])[name] for crop in crops])
            assert together[name].dtype == np.float32
            scale = np.abs(alone).max() + 1e-6
            assert np.abs(together[name] - alone).max() / scale < 1e-4, name
            assert empty[name].shape == (0, *together[name].shape[1:]), name


def test_more_crops_than_a_batch() -> None:
    network = load("cnn.gender")
    count = network.batch * 2 + 3
    crops = np.random.default_rng(0).integers(0, 256, (count, 32, 32, 3), np.uint8)
    (one,) = network(crops[-1:]).values()
    (all_,) = network(crops).values()
    assert len(all_) == len(crops)
    assert np.allclose(all_[-1], one[0], atol=1e-5)


def test_wrong_crops_say_what_was_got() -> None:
    with pytest.raises(
        ArrayError, match=r"float64 \(1, 32, 32, 3\), expected uint8 \(N, 32, 32, 3\)"
    ):
        load("cnn.gender")(np.zeros((1, 32, 32, 3)))


def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(ModelNotFoundError, match=r"'arcface'.*resnet29\.dlib"):
        get_spec("arcface")


def test_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(DeviceError, match="'cuda' is not there"):
        Network(get_spec("cnn.gender"), device="cuda")(np.zeros((1, 32, 32, 3), np.uint8))
    with pytest.raises(DeviceError, match="'gpu', expected one of cpu, cuda"):
        mien.Analyzer(("detect",), device="gpu")


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    spec = get_spec("cnn.gender")
    for path in (spec.path, spec.folder / f"{spec.name}.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / spec.path.name
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        read_spec(tmp_path / f"{spec.name}.toml").verify()
    weights.write_bytes(data[:-1])
    with pytest.raises(ModelError, match="damaged"):
        load(str(tmp_path / f"{spec.name}.toml")).session  # noqa: B018
    weights.unlink()
    with pytest.raises(ModelError, match="is not there"):
        read_spec(tmp_path / f"{spec.name}.toml")


def test_not_a_network(own_recogniser: Path) -> None:
    (own_recogniser.parent / "tiny.onnx").write_bytes(b"hello")
    with pytest.raises(ModelError, match="cannot load"):
        load(str(own_recogniser)).session  # noqa: B018


@pytest.mark.parametrize("batch", ["N", 1, 4])
def test_an_own_recogniser_with_any_batch_size(tmp_path: Path, batch: int | str) -> None:
    network = load(str(write_recogniser(tmp_path, batch=batch)))
    crops = np.random.default_rng(0).integers(0, 256, (5, 112, 112, 3), np.uint8)
    (vectors,) = network(crops).values()
    # What the pooling does, by hand, channels first.
    patches = ((crops - 127.5) / 127.5).reshape(5, 4, 28, 4, 28, 3).mean(axis=(2, 4))
    assert np.allclose(vectors, patches.transpose(0, 3, 1, 2).reshape(5, 48), atol=1e-5)


def test_an_own_recogniser_that_wants_bgr(tmp_path: Path) -> None:
    network = load(str(write_recogniser(tmp_path, colour="bgr")))
    crops = np.zeros((1, 112, 112, 3), np.uint8)
    crops[..., 0] = 255  # red
    (vectors,) = network(crops).values()
    assert np.allclose(vectors[0, :32], -1)
    assert np.allclose(vectors[0, 32:], 1)


def test_own_models_are_found_by_folder(
    own_recogniser: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWN_MODELS_VARIABLE, str(own_recogniser.parent))
    assert get_spec("tiny.own").use == "unclear"
    assert "tiny.own" in {spec.name for spec in list_specs("embed")}


def test_a_json_spec_is_the_same(own_recogniser: Path) -> None:
    import tomllib

    table = tomllib.loads(own_recogniser.read_text())
    path = own_recogniser.with_suffix(".json")
    path.write_text(json.dumps(table))
    assert read_spec(path) == read_spec(own_recogniser)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("task =", "tasks ="), "tasks"),
        (("[weights]", "[wheights]"), r"\[weights\] is missing"),
        (("[112, 112]", "[112]"), "size_wh"),
        (('"rgb"', '"rbg"'), "'rbg'"),
        (('"nchw"', '"hwcn"'), "'hwcn'"),
        (("task =", 'use = "free"\ntask ='), "'free'"),
        (("task =", "task = ="), "not valid TOML"),
    ],
)
def test_mistakes_in_a_spec_are_named(
    own_recogniser: Path, change: tuple[str, str], message: str
) -> None:
    own_recogniser.write_text(own_recogniser.read_text().replace(*change))
    with pytest.raises(ModelError, match=message):
        read_spec(own_recogniser)


def test_the_fingerprint_follows_weights_and_preprocessing(own_recogniser: Path) -> None:
    first = read_spec(own_recogniser).model_id
    own_recogniser.write_text(own_recogniser.read_text().replace("arcface112", "dlib150"))
    second = read_spec(own_recogniser).model_id
    weights = own_recogniser.parent / "tiny.onnx"
    weights.write_bytes(weights.read_bytes() + b"\x7a\x01\x61")
    third = read_spec(own_recogniser).model_id
    assert len({first, second, third}) == 3
    assert hashlib.sha256(weights.read_bytes()).hexdigest()


def test_some_outputs_only_are_what_they_are_among_all() -> None:
    network = load("facemesh.attention")
    crops = np.random.default_rng(0).integers(0, 256, (2, 192, 192, 3), dtype=np.uint8)
    whole = network(crops)
    for name, value in whole.items():
        (found,) = network(crops, only=(name,)).values()
        np.testing.assert_array_equal(found, value)
    with pytest.raises(ModelError, match="has no output beard"):
        network(crops, only=("beard",))
