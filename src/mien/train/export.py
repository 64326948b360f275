"""A run's best weights as a model of mien: ONNX, checked against torch, with spec and card."""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mien.errors import InputError, ModelError
from mien.io.atomic import whole_file
from mien.metrics.classification import log_loss
from mien.models import get_spec
from mien.train import checkpoint
from mien.train.card import card_text, spec_text
from mien.train.examples import Examples, held_out
from mien.train.learner import Learner, build_learner, class_number
from mien.train.onnx_graph import OnnxGraph
from mien.train.recipe import Recipe
from mien.train.storage import round_weights, with_small_constants
from mien.train.validation import predictions, validation_of
from mien.types.arrays import Array

_OPSET = 18
#: Largest difference allowed between torch and onnxruntime.
_PARITY = 1e-4
#: The weights of red, green and blue in grey (ITU-R BT.601), as decoders use them.
_GREY = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class Exported:
    """The written model: its spec, bytes of the weights, parity, figures on what was held out."""

    spec: Path
    bytes: int
    parity: float
    figures: Mapping[str, float]

    def lines(self) -> list[str]:
        """Say it."""
        figures = ", ".join(f"{name} {value:.4f}" for name, value in self.figures.items())
        return [
            f"{self.spec}: {self.bytes / 1e6:.1f} MB, torch and onnxruntime differ by at most "
            f"{self.parity:.1e}",
            f"held out: {figures}",
        ]


class Shipped(nn.Module):
    """The exported graph: uint8 pictures (N,h,w,3) RGB, or rows (N,F), to the head's outputs.

    With ``mirror`` predictions are the mean over the picture and its mirror image. Logits are
    divided by ``temperature``.
    """

    def __init__(
        self, learner: Learner, *, grey: bool, rows: bool, mirror: bool, temperature: float
    ) -> None:
        super().__init__()
        self.learner, self.grey, self.rows, self.mirror = learner, grey, rows, mirror
        self.temperature = temperature
        self.register_buffer("weights", torch.tensor(_GREY).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the outputs in the head's order."""
        pixels = image
        if not self.rows:
            pixels = image.permute(0, 3, 1, 2).float()
            if self.grey:
                pixels = (pixels * cast(Tensor, self.weights)).sum(dim=1, keepdim=True)
        found = self.learner.predict(pixels)
        if self.mirror and not self.rows:
            found = (found + self.learner.predict(pixels.flip(3))) / 2
        finish: Any = self.learner.head.finish
        return tuple(finish(found / self.temperature).values())


class AfterRecogniser(nn.Module):
    """A shipped recogniser, then what was learned on its unit templates; keeps the raw length.

    The length says something about quality, so that it goes on with the new direction.
    """

    def __init__(self, recogniser: str, learner: Learner) -> None:
        super().__init__()
        self.recogniser, self.learner = OnnxGraph(get_spec(recogniser).path), learner

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return embeddings (N,D) of pictures (N,h,w,3) uint8 RGB."""
        (raw,) = self.recogniser(image).values()
        length = raw.norm(dim=1, keepdim=True).clamp_min(1e-12)
        vectors = nn.functional.normalize(self.learner.predict(raw / length), dim=1)
        return (vectors * length,)


def export_run(
    run: Path, recipe: Recipe, examples: Examples, *, folder: Path, mirror: bool = True
) -> Exported:
    """Write ``NAME.onnx``, ``NAME.toml`` and ``NAME.md`` of a run's best weights into ``folder``.

    Weights are rounded to half precision before anything is measured. Raises InputError where the
    run is another recipe's, ModelError where torch and onnxruntime differ by more than 1e-4.
    """
    learner, held = finished(run, recipe, examples)
    pictures = held.inputs.ndim == 4
    mirror = mirror and pictures
    temperature = 1.0
    if recipe.classes:
        logits = torch.from_numpy(predictions(learner, held))
        temperature = best_temperature(logits, held.targets)
    grey = pictures and held.inputs.shape[3] == 1
    shipped: nn.Module = Shipped(
        learner, grey=grey, rows=not pictures, mirror=mirror, temperature=temperature
    )
    example = sample(held, grey=grey)
    if recipe.after:
        shipped, example = AfterRecogniser(recipe.after, learner), noise(recipe.after)
    shipped.eval()
    names = cast(tuple[str, ...], learner.head.outputs)
    labels = {names[0]: recipe.classes} if recipe.classes else {}
    beside = {"temperature": temperature, "mirror": mirror}
    wrapped = Graph(shipped, example, names, labels)
    by_class = _by_class(learner, held, recipe)
    return write_model(run, recipe, learner, held, wrapped, folder, beside, by_class)


@dataclass(frozen=True, slots=True)
class Graph:
    """What becomes an ONNX graph: a module, inputs to trace it with, its outputs, their classes."""

    module: nn.Module
    example: Tensor
    outputs: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]


def write_model(
    run: Path,
    recipe: Recipe,
    learner: Any,
    held: Examples,
    graph: Graph,
    folder: Path,
    beside: Mapping[str, Any],
    by_class: Mapping[str, tuple[int, int]],
) -> Exported:
    """Trace, compare, measure and write a finished learner's graph, spec and card."""
    traced = to_onnx(graph.module, graph.example, graph.outputs)
    weights = with_small_constants(traced).SerializeToString(deterministic=True)
    parity = differ(weights, graph.module, graph.example)
    if parity > _PARITY:
        raise ModelError(f"{recipe.name}: torch and onnxruntime differ by {parity:.1e}")
    with torch.inference_mode():
        figures = {**validation_of(recipe.task)(learner, held), "n": float(len(held))}
        shapes = map(_shape, graph.module(graph.example))
    outputs = dict(zip(graph.outputs, shapes, strict=True))
    for name, classes in graph.labels.items():
        outputs[name] += f": {', '.join(classes)}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{recipe.name}.onnx").write_bytes(weights)
    state = checkpoint.RunState(**checkpoint.load(run / checkpoint.LAST)["state"])
    facts = {
        "bytes": len(weights),
        "sha256": hashlib.sha256(weights).hexdigest(),
        "hours": (state.before_s + state.seconds) / 3600,
        "parity": parity,
        **beside,
    }
    for suffix, text in (
        ("toml", spec_text(recipe, held, figures, facts, outputs)),
        ("md", card_text(recipe, figures, facts, by_class)),
    ):
        with whole_file(folder / f"{recipe.name}.{suffix}") as file:
            file.write(text)
    return Exported(folder / f"{recipe.name}.toml", len(weights), parity, figures)


def finished(run: Path, recipe: Recipe, examples: Examples) -> tuple[Any, Examples]:
    """Return a run's best learner as it will be shipped, and the examples that chose it.

    Raises InputError where nothing was held out.
    """
    held = examples.take(held_out(examples, share=recipe.hold_out, seed=recipe.seed)[1])
    if not len(held):
        raise InputError(
            f"{recipe.name}: nothing was held out ({recipe.hold_out:g}; are all examples of "
            "one subject?), so that there is nothing to measure the model on"
        )
    saved = _best(run, recipe)
    learner = build_learner(recipe, examples, class_number(recipe, examples))
    learner.load_state_dict(saved["learner"])
    learner.eval()
    fold_norms(learner)
    round_weights(learner)
    return learner, held


def fold_norms(module: nn.Module) -> None:
    """Multiply batch statistics into the convolutions before them: the same, in fewer steps."""
    for name, child in list(module.named_children()):
        pair = list(child.children()) if isinstance(child, nn.Sequential) else []
        if (
            len(pair) == 2
            and isinstance(pair[0], nn.Conv2d)
            and isinstance(pair[1], nn.BatchNorm2d)
        ):
            setattr(module, name, fuse_conv_bn_eval(pair[0], pair[1]))
        else:
            fold_norms(child)


def to_onnx(module: nn.Module, example: Tensor, outputs: tuple[str, ...]) -> onnx.ModelProto:
    """Return the graph of a module with one input, its first axis a free batch size ``N``."""
    name = "rows" if example.ndim == 2 else "image"
    with _quiet():
        try:
            program = torch.onnx.export(
                module,
                (example,),
                input_names=[name],
                output_names=list(outputs),
                dynamic_shapes=({0: torch.export.Dim("N")},),
                opset_version=_OPSET,
                dynamo=True,
                verbose=False,
            )
        except Exception as error:  # the exporter raises its own unexported types
            raise ModelError(f"torch cannot export this network: {error}") from error
    assert program is not None
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter, which warns and logs about its own insides."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def sample(examples: Examples, *, grey: bool, count: int = 8) -> Tensor:
    """Return the first examples as the graph takes them."""
    inputs = np.ascontiguousarray(examples.inputs[:count])
    return torch.from_numpy(np.repeat(inputs, 3, axis=3) if grey else inputs)


def noise(model: str) -> Tensor:
    """Return pictures of noise (8,h,w,3) uint8 as a shipped network takes them."""
    width, height = get_spec(model).preprocess.size_wh
    pictures = np.random.default_rng(0).integers(0, 256, (8, height, width, 3), dtype=np.uint8)
    return torch.from_numpy(pictures)


def differ(weights: bytes, module: nn.Module, example: Tensor) -> float:
    """Return the largest difference between onnxruntime and torch, over batches of 1 and more."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    entry, largest = session.get_inputs()[0].name, 0.0
    for batch in (example, example[:1]):
        with torch.inference_mode():
            wanted = module(batch)
        found = session.run(None, {entry: batch.numpy()})
        gaps = [np.abs(a - b.numpy()).max() for a, b in zip(found, wanted, strict=True)]
        largest = max(largest, *map(float, gaps))
    return largest


def _best(run: Path, recipe: Recipe) -> dict[str, Any]:
    saved = checkpoint.load_best(run)
    if saved["recipe"] != repr(recipe.essence()):
        raise InputError(
            f"{run}: was learned by another recipe or other settings; give those: --recipe, --set"
        )
    return saved


def best_temperature(logits: Tensor, labels: Array) -> float:
    """Return the temperature of the least log loss of logits (N,C) on labels (N,)."""
    tried = np.geomspace(0.25, 4, 161)
    losses = [log_loss((logits / t).softmax(1).numpy(), labels) for t in tried]
    return round(float(tried[int(np.argmin(losses))]), 4)


def _shape(output: Tensor) -> str:
    return f"({','.join(['N', *map(str, output.shape[1:])])}) float32"


def _by_class(learner: Learner, held: Examples, recipe: Recipe) -> dict[str, tuple[int, int]]:
    """Return hits and number of each class."""
    if not recipe.classes:
        return {}
    right = predictions(learner, held).argmax(axis=1) == held.targets
    members = {name: held.targets == index for index, name in enumerate(recipe.classes)}
    return {name: (int(right[m].sum()), int(m.sum())) for name, m in members.items()}
