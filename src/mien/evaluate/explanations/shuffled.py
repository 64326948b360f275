"""A network that has forgotten all it learnt: its weights shuffled, everything else kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from mien.errors import ModelError
from mien.models import ModelSpec, Network
from mien.models.spec import Weights

#: Tensors with fewer numbers are shapes, axes, and constants of the preprocessing.
_FEWEST = 64


def shuffled_network(spec: ModelSpec, folder: Path, *, seed: int, device: str = "cpu") -> Network:
    """Write the network with the numbers of each weight tensor shuffled to ``folder``; return it.

    Raises ModelError where the package ``onnx``, which reads weight files, is not there.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as error:
        raise ModelError("shuffling weights needs the package onnx: pip install onnx") from error
    rng = np.random.default_rng(seed)
    model = onnx.load(str(spec.path))
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype.kind == "f" and values.size >= _FEWEST:
            mixed = rng.permutation(values.ravel()).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(mixed, tensor.name))
    path = folder / "shuffled.onnx"
    onnx.save(model, str(path))
    name = f"{spec.name}-shuffled-{seed}"
    return Network(
        replace(spec, name=name, folder=folder, weights=Weights(path.name)), device=device
    )
