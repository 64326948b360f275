"""Make a network's float32 graph from its source file."""

from __future__ import annotations

from pathlib import Path

import onnx

from tools.weights.dlib_dat import build_resnet, read_layers
from tools.weights.front import PIXELS, Preprocess, attach_front
from tools.weights.graph import Graph, from_model
from tools.weights.heads import attach_heads
from tools.weights.recipes import Recipe
from tools.weights.rewrite import rewrite
from tools.weights.tfjs import convert, read_model
from tools.weights.tfjs.tensor import BATCH, Tensor


def build(name: str, recipe: Recipe, source: Path, preprocess: Preprocess) -> Graph:
    """Return the graph that takes ``image`` and gives the recipe's heads, float32 throughout."""
    makers = {"tfjs": _from_tfjs, "dat": _from_dat, "onnx": _from_onnx}
    graph, names = makers[recipe.kind](recipe, source, preprocess)
    graph.name = name
    attach_heads(graph, recipe.heads, names)
    # Affine layers fold into the convolutions first, so that the front meets a convolution.
    rewrite(graph)
    size_wh = preprocess.size_wh
    attach_front(graph, Preprocess(size_wh, preprocess.colour, preprocess.mean, preprocess.std))
    graph.sweep()
    return graph


_Made = tuple[Graph, dict[str, str]]


def _from_tfjs(recipe: Recipe, source: Path, preprocess: Preprocess) -> _Made:
    graph = Graph("")
    width, height = (int(size) for size in preprocess.size_wh)
    shape = (BATCH, height, width, preprocess.channels)
    names = convert(
        read_model(source),
        [name for head in recipe.heads.values() for name in head.sources],
        known={recipe.pixels: Tensor(shape=shape, name=PIXELS, channels_first=True)},
        substitutes=recipe.substitutes(),
        graph=graph,
    )
    return graph, names


def _from_dat(recipe: Recipe, source: Path, preprocess: Preprocess) -> _Made:
    graph = Graph("")
    width, _ = (int(size) for size in preprocess.size_wh)
    name = build_resnet(graph, read_layers(source.read_bytes()), PIXELS, width)
    return graph, {"embedding": name}


def _from_onnx(recipe: Recipe, source: Path, preprocess: Preprocess) -> _Made:
    graph = from_model(onnx.load(source))
    graph.redirect(recipe.pixels, PIXELS)
    # The source's own names would collide with those of the heads.
    names = {}
    for output in graph.outputs:
        names[output] = f"source_{output}"
        producer = graph.producers()[output]
        producer.outputs = [names.get(item, item) for item in producer.outputs]
        graph.redirect(output, names[output])
    graph.outputs = {}
    return graph, names
