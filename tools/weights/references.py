"""Run the ORIGINAL networks, each in a runtime of its own, to compare ours with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tools.weights.front import GREY, Preprocess
from tools.weights.recipes import Recipe
from tools.weights.sources import Cache

Outputs = dict[str, NDArray[np.float32]]
_SCRIPT = Path(__file__).with_name("reference.mjs")
_DLIB_SCRIPT = """
import sys
import dlib, numpy
model = dlib.face_recognition_model_v1(sys.argv[1])
chips = numpy.load(sys.argv[2])
numpy.save(sys.argv[3], [numpy.array(model.compute_face_descriptor(chip)) for chip in chips])
"""


def run_original(
    recipe: Recipe, source: Path, preprocess: Preprocess, images: NDArray[np.uint8], cache: Cache
) -> Outputs:
    """Return what the original gives for images (N,H,W,3) uint8 RGB, by head."""
    runners = {"tfjs": _run_tfjs, "dat": _run_dlib, "onnx": _run_onnx}
    raw = runners[recipe.kind](recipe, source, preprocess, images, cache)
    outputs = {}
    for name, head in recipe.heads.items():
        rows = [np.concatenate([raw[part] for part in row], axis=-1) for row in head.parts]
        joined = np.concatenate(rows, axis=1) if len(rows) > 1 else rows[0]
        sizes = [-1 if isinstance(size, str) else size for size in head.shape]
        outputs[name] = joined.reshape(len(images), *sizes)
    return outputs


def preprocessed(images: NDArray[np.uint8], preprocess: Preprocess) -> NDArray[np.float32]:
    """Return (N,H,W,C) float32 as the spec describes; written apart from the graph's front."""
    values = images.astype(np.float32)
    if preprocess.colour == "grey":
        values = values @ np.array(GREY, np.float32).reshape(3, 1)
    elif preprocess.colour == "bgr":
        values = values[..., ::-1]
    mean, std = (np.asarray(item, np.float32) for item in (preprocess.mean, preprocess.std))
    return np.ascontiguousarray((values - mean) / std, np.float32)


def _run_tfjs(
    recipe: Recipe, source: Path, preprocess: Preprocess, images: NDArray[np.uint8], cache: Cache
) -> Outputs:
    nodes = json.loads(source.read_text())["modelTopology"]["node"]
    entry = next(node for node in nodes if node["op"] == "Placeholder")
    # Where our pixels enter behind the placeholder, the original preprocesses by itself.
    own = entry["name"] == recipe.pixels
    feed = preprocessed(images, preprocess) if own else images.astype(np.float32)
    wanted = [part for head in recipe.heads.values() for part in head.sources]
    # One at a time: some files were frozen at batch one.
    runs = [_run_node(source, entry, feed[i : i + 1], wanted, cache) for i in range(len(feed))]
    return {name: np.concatenate([run[name] for run in runs]) for name in wanted}


def _run_node(
    source: Path, entry: dict[str, Any], feed: NDArray[np.float32], wanted: list[str], cache: Cache
) -> Outputs:
    integer = entry["attr"]["dtype"]["type"] in ("DT_UINT8", "DT_INT32")
    with tempfile.TemporaryDirectory() as folder:
        feed.tofile(f"{folder}/feed.bin")
        job = {
            "model": str(source),
            "feed": f"{folder}/feed.bin",
            "shape": feed.shape,
            "dtype": "int32" if integer else "float32",
            "input": entry["name"],
            "outputs": wanted,
        }
        Path(folder, "job.json").write_text(json.dumps(job))
        modules = str(cache.node_modules())
        command = ["node", str(_SCRIPT), f"{folder}/job.json", folder, modules]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        shapes = json.loads(done.stdout.splitlines()[-1])
        return {
            name: np.fromfile(f"{folder}/{index}.bin", np.float32).reshape(shapes[index])
            for index, name in enumerate(wanted)
        }


def _run_dlib(
    recipe: Recipe, source: Path, preprocess: Preprocess, images: NDArray[np.uint8], cache: Cache
) -> Outputs:
    with tempfile.TemporaryDirectory() as folder:
        np.save(f"{folder}/chips.npy", images)
        paths = [str(source), f"{folder}/chips.npy", f"{folder}/out.npy"]
        environment = {**os.environ, "PYTHONPATH": str(cache.dlib())}
        subprocess.run([sys.executable, "-c", _DLIB_SCRIPT, *paths], check=True, env=environment)
        return {"embedding": np.load(f"{folder}/out.npy").astype(np.float32)}


def _run_onnx(
    recipe: Recipe, source: Path, preprocess: Preprocess, images: NDArray[np.uint8], cache: Cache
) -> Outputs:
    session = onnxruntime.InferenceSession(str(source), providers=["CPUExecutionProvider"])
    feed = preprocessed(images, preprocess).transpose(0, 3, 1, 2)
    names = [output.name for output in session.get_outputs()]
    values = session.run(names, {recipe.pixels: np.ascontiguousarray(feed)})
    return dict(zip(names, values, strict=True))
