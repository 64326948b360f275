"""Time the bare networks: milliseconds a face, one thread."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import onnxruntime

from tools.weights.spec_file import read_table

BATCHES = (1, 16)


def ms_per_face(path: Path, batch: int, *, seconds: float = 1.0) -> float:
    """Return the median over repeated runs, in time of this thread, which others do not disturb."""
    width, height = read_table(path.with_suffix(".toml"))["preprocess"]["size_wh"]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(0)
    feed = {"image": generator.integers(0, 256, (batch, height, width, 3), np.uint8)}
    for _ in range(3):
        session.run(None, feed)
    times: list[float] = []
    while sum(times) < seconds or len(times) < 5:
        start = time.thread_time()
        session.run(None, feed)
        times.append(time.thread_time() - start)
    return float(np.median(times)) * 1000 / batch
