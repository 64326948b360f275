"""Read a TensorFlow.js graph model: a JSON file of nodes beside binary files of weights."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class TfNode:
    """One TensorFlow operation: data inputs (no control edges) and decoded attributes."""

    name: str
    op: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TfjsModel:
    """The nodes by name, and the value of each Const node."""

    nodes: Mapping[str, TfNode]
    weights: Mapping[str, Array]


def read_model(path: Path) -> TfjsModel:
    """Read ``path`` (JSON) and the weight files that it names beside it."""
    document = json.loads(path.read_text(encoding="utf-8"))
    nodes = [_node(entry) for entry in document["modelTopology"]["node"]]
    weights: dict[str, Array] = {}
    for group in document["weightsManifest"]:
        data = b"".join((path.parent / name).read_bytes() for name in group["paths"])
        weights.update(split_weights(data, group["weights"]))
    return TfjsModel({node.name: node for node in nodes}, weights)


def split_weights(data: bytes, entries: list[dict[str, Any]]) -> dict[str, Array]:
    """Cut one group's bytes into arrays, undoing the quantisation of each entry."""
    weights: dict[str, Array] = {}
    offset = 0
    for entry in entries:
        quantised = entry.get("quantization", {})
        stored = np.dtype(quantised.get("dtype", entry["dtype"]))
        count = math.prod(entry["shape"])
        values = np.frombuffer(data, stored, count, offset).reshape(entry["shape"])
        offset += count * stored.itemsize
        if "scale" in quantised:
            values = values * np.float32(quantised["scale"]) + np.float32(quantised["min"])
        weights[entry["name"]] = values.astype(entry["dtype"])
    return weights


def split_reference(reference: str) -> tuple[str, int]:
    """Split "node:1" into the node's name and the number of its output."""
    name, _, index = reference.partition(":")
    return name, int(index or 0)


def _node(entry: Mapping[str, Any]) -> TfNode:
    return TfNode(
        entry["name"],
        entry["op"],
        tuple(name for name in entry.get("input", ()) if not name.startswith("^")),
        {key: _attribute(value) for key, value in entry.get("attr", {}).items()},
    )


def _attribute(value: Mapping[str, Any]) -> Any:
    """Decode one protobuf-as-JSON attribute; numbers may come as strings, text as base64."""
    kind: str
    content: Any
    kind, content = next(iter(value.items()), ("none", None))
    if kind == "i":
        return int(content)
    if kind == "s":
        return _text(content)
    if kind == "list":
        return [_attribute({key: item}) for key, items in content.items() for item in items]
    if kind == "shape":
        return tuple(int(dim.get("size", -1)) for dim in content.get("dim", ()))
    return content


def _text(content: str | list[int]) -> str:
    data = bytes(content) if isinstance(content, list) else base64.b64decode(content)
    return data.decode()
