"""Run a network: batches of uint8 crops in, named float arrays out."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import onnxruntime

from mien.errors import ArrayError, DeviceError, ModelError
from mien.models.device import provider_of
from mien.models.registry import get_spec
from mien.models.spec import ModelSpec
from mien.types.arrays import Array, ByteArray, FloatArray


class Network:
    """One network on one device; loaded at first use, safe to share between threads."""

    def __init__(self, spec: ModelSpec, *, device: str = "cpu", threads: int = 1) -> None:
        """Store the arguments; ``threads`` is what one call may use."""
        self.spec = spec
        self.device = device
        self.threads = threads
        self._lock = threading.Lock()
        self._session: onnxruntime.InferenceSession | None = None

    def __call__(
        self, crops: ByteArray | FloatArray, *, only: Sequence[str] | None = None
    ) -> dict[str, FloatArray]:
        """Run on crops (N,H,W,3) uint8 RGB, any N; return each output by name.

        A network whose layout is "vector" takes rows (N,F) float32 instead. ``only``: outputs that
        are wanted; what no other needs is not computed.

        Raises ArrayError on another shape or dtype, ModelError for an output it does not have.
        """
        self._check(crops)
        session = self.session
        outputs = self._wanted(session, only)
        if not len(crops):
            return {out.name: np.zeros(_empty_shape(out.shape), np.float32) for out in outputs}
        names = [out.name for out in outputs]
        parts = [self._run_part(session, part, names) for part in _parts(crops, self.batch)]
        columns = zip(*parts, strict=True)
        return {
            out.name: column[0] if len(column) == 1 else np.concatenate(column)
            for out, column in zip(outputs, columns, strict=True)
        }

    @property
    def batch(self) -> int:
        """How many crops one run is given at most: what the network can take, else what is best."""
        size = self.session.get_inputs()[0].shape[0]
        return size if isinstance(size, int) else self.spec.batch

    def _wanted(
        self, session: onnxruntime.InferenceSession, only: Sequence[str] | None
    ) -> list[Any]:
        outputs = {out.name: out for out in session.get_outputs()}
        if only is None:
            return list(outputs.values())
        unknown = sorted(set(only) - set(outputs))
        if unknown:
            raise ModelError(
                f"{self.spec.name}: has no output {', '.join(unknown)}; it has {', '.join(outputs)}"
            )
        return [outputs[name] for name in only]

    def _run_part(
        self,
        session: onnxruntime.InferenceSession,
        crops: ByteArray | FloatArray,
        names: list[str],
    ) -> list[FloatArray]:
        """Run at most one batch; a network with a fixed batch size is given crops to fill it."""
        (entry,) = session.get_inputs()
        size = entry.shape[0] if isinstance(entry.shape[0], int) else len(crops)
        missing = size - len(crops)
        if missing:
            crops = np.concatenate([crops, np.zeros_like(crops, shape=(missing, *crops.shape[1:]))])
        options = None
        if len(names) < len(session.get_outputs()):
            options = onnxruntime.RunOptions()
            options.only_execute_path_to_fetches = True
        outputs: list[FloatArray] = session.run(names, {entry.name: self._feed(crops)}, options)
        return [output[: size - missing] for output in outputs] if missing else outputs

    @property
    def session(self) -> onnxruntime.InferenceSession:
        """The runtime's session, loaded at first use."""
        with self._lock:
            if self._session is None:
                self._session = _open_session(self.spec, self.device, self.threads)
            return self._session

    def _check(self, crops: ByteArray | FloatArray) -> None:
        width, height = self.spec.preprocess.size_wh
        if self.spec.preprocess.layout == "vector":
            if crops.dtype != np.float32 or crops.shape[1:] != (width * height,):
                raise ArrayError(
                    f"{self.spec.name}: got {crops.dtype} {crops.shape}, "
                    f"expected float32 (N, {width * height})"
                )
            return
        if crops.dtype != np.uint8 or crops.shape[1:] != (height, width, 3):
            raise ArrayError(
                f"{self.spec.name}: got {crops.dtype} {crops.shape}, "
                f"expected uint8 (N, {height}, {width}, 3) RGB"
            )

    def _feed(self, crops: ByteArray | FloatArray) -> Array:
        """Do what the graph does not do itself."""
        wanted = self.spec.preprocess
        if wanted.in_graph or wanted.layout == "vector":
            return crops
        values = crops.astype(np.float32)
        if wanted.colour == "grey":
            values = values @ np.array([[0.299], [0.587], [0.114]], np.float32)
        elif wanted.colour == "bgr":
            values = values[..., ::-1]
        channels = values.shape[-1]
        mean, std = (np.asarray(v, np.float32)[:channels] for v in (wanted.mean, wanted.std))
        values = (values - mean) / std
        if wanted.layout == "nchw":
            values = values.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(values)


@cache
def load(name: str, *, device: str = "cpu", threads: int = 1) -> Network:
    """Return the network of an installed model (or of a spec file), one per name and device."""
    return Network(get_spec(name), device=device, threads=threads)


def _open_session(spec: ModelSpec, device: str, threads: int) -> onnxruntime.InferenceSession:
    provider = provider_of(device)
    size = spec.path.stat().st_size
    if spec.weights.bytes and size != spec.weights.bytes:
        raise ModelError(
            f"{spec.path}: has {size} bytes, the spec says {spec.weights.bytes}; "
            "the file is damaged: install the package again"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Batches differ in size from call to call: planned memory would be kept for each size.
    options.enable_mem_pattern = False
    if provider == "CPUExecutionProvider":
        _share_arena()
        options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        session = onnxruntime.InferenceSession(str(spec.path), options, providers=[provider])
    except Exception as error:  # onnxruntime raises its own unexported types
        raise ModelError(f"{spec.path}: onnxruntime cannot load it: {error}") from error
    if session.get_providers()[0] != provider:
        raise DeviceError(
            f"device {device!r}: onnxruntime fell back to {session.get_providers()[0]} "
            f"for {spec.name}"
        )
    return session


@cache
def _share_arena() -> None:
    """Have all sessions of this process take memory from one arena.

    One each would keep the most that each network ever needed: a fifth more in all, and for as long
    as larger batches turn up it grows.
    """
    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    where = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    onnxruntime.create_and_register_allocator(where, onnxruntime.OrtArenaCfg({}))


def _parts(crops: Array, size: int) -> list[Array]:
    return [crops[start : start + size] for start in range(0, len(crops), size)]


def _empty_shape(shape: list[int | str]) -> tuple[int, ...]:
    return (0, *(size if isinstance(size, int) else 0 for size in shape[1:]))
