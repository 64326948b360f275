"""What is shipped is what the specs say, and nothing of it is out of place."""

import hashlib
import tomllib

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("onnx")

from tools.weights.notice import NOTICE, notice_text
from tools.weights.recipes import RECIPES
from tools.weights.spec_file import MAIN_ZOO, RESEARCH_ZOO, ROOT, ZOOS, find_spec, stamp

SPECS = sorted(path for zoo in ZOOS for path in zoo.glob("*.toml"))
ids = [path.stem for path in SPECS]


def read(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SPECS, ids=ids)
def test_file_is_the_one_that_the_spec_describes(path):
    spec = read(path)
    data = (path.parent / spec["weights"]["file"]).read_bytes()
    assert spec["weights"]["file"] == f"{path.stem}.onnx"
    assert spec["name"] == path.stem
    assert spec["weights"]["bytes"] == len(data)
    assert spec["weights"]["sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("path", SPECS, ids=ids)
def test_every_fact_is_stated(path):
    spec = read(path)
    for key in ("summary", "licence", "author", "source", "training_data", "data_terms"):
        assert spec[key], key
    assert spec["use"] in ("permissive", "research", "unclear")


@pytest.mark.parametrize("path", SPECS, ids=ids)
def test_graph_is_the_one_that_the_spec_describes(path):
    spec = read(path)
    if not spec["preprocess"].get("in_graph"):
        pytest.skip("takes features, not pictures")
    session = onnxruntime.InferenceSession(
        str(path.with_suffix(".onnx")), providers=["CPUExecutionProvider"]
    )
    (image,) = session.get_inputs()
    width, height = spec["preprocess"]["size_wh"]
    assert (image.name, image.type) == ("image", "tensor(uint8)")
    assert image.shape in (["N", height, width, 3], ["N", "H", "W", 3])
    assert [output.name for output in session.get_outputs()] == list(spec["outputs"])
    if isinstance(image.shape[1], str):
        height = width = 128
    batch = np.random.default_rng(0).integers(0, 256, (3, height, width, 3), np.uint8)
    together = session.run(None, {"image": batch})
    alone = session.run(None, {"image": batch[1:2]})
    for output, several, one in zip(session.get_outputs(), together, alone, strict=True):
        stated = "(" + ",".join(str(size) for size in output.shape)
        assert spec["outputs"][output.name].startswith(stated)
        assert several.dtype == np.float32
        np.testing.assert_allclose(several[1:2], one, atol=1e-4 * max(1, np.abs(one).max()))


def test_main_distribution_is_permissive_and_small():
    assert {read(path)["use"] for path in MAIN_ZOO.glob("*.toml")} == {"permissive"}
    assert sum(path.stat().st_size for path in MAIN_ZOO.iterdir()) <= 40e6


def test_research_distribution_holds_what_is_not_permissive():
    assert "permissive" not in {read(path)["use"] for path in RESEARCH_ZOO.glob("*.toml")}
    licence = (ROOT / "packages" / "mien-weights-research" / "LICENSE").read_text("utf-8")
    assert [path.name for path in RESEARCH_ZOO.glob("*.onnx") if path.name not in licence] == []


def test_notice_is_what_the_specs_say():
    assert NOTICE.read_text(encoding="utf-8") == notice_text()


def test_every_recipe_has_a_spec():
    assert [name for name in RECIPES if not find_spec(name).is_file()] == []


def test_stamp_touches_two_lines_only(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text('# kept\nname = "m"\n[weights]\nbytes = 0  # old\nsha256 = ""\n\n[x]\ny = 1\n')
    stamp(path, b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert path.read_text() == (
        f'# kept\nname = "m"\n[weights]\nbytes = 3\nsha256 = "{digest}"\n\n[x]\ny = 1\n'
    )
