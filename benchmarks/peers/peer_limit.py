"""The limit of mien: decode the files, and run the same networks on ready crops, nothing else.

The crops and batch sizes are recorded from one real pass over the pictures and replayed in order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from peer_mien import analyzer_of, checked
from protocol import Job, serve

from mien.models import Network

Call = tuple[onnxruntime.InferenceSession, dict[str, np.ndarray]]


def recorded(job: Job) -> list[Call]:
    """Every network call of one pass over the job's pictures, in order, with its crops."""
    calls: list[Call] = []
    original = Network.__call__

    def recording(self: Network, crops: np.ndarray) -> dict[str, np.ndarray]:
        name = self.session.get_inputs()[0].name
        for start in range(0, len(crops), self.batch):
            calls.append((self.session, {name: crops[start : start + self.batch].copy()}))
        return original(self, crops)

    Network.__call__ = recording
    try:
        for analysis in analyzer_of(job).analyze_many(job["pictures"]):
            checked(analysis)
    finally:
        Network.__call__ = original
    return calls


class Limit:
    """JPEG decode and bare network time of the job."""

    def __init__(self, job: Job) -> None:
        self.calls = recorded(job)
        crops = sum(len(next(iter(feed.values()))) for _, feed in self.calls)
        self.about = {
            "onnxruntime": version("onnxruntime"),
            "threads": "as mien: the same sessions",
            "decode": "OpenCV imdecode",
            "work": f"{len(self.calls)} network calls with {crops} crops",
        }

    def run(self, pictures: Sequence[str]) -> int:
        """Decode each file, then replay the calls (all of them, whatever the pictures)."""
        for path in pictures:
            cv2.imdecode(np.frombuffer(Path(path).read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        for session, feed in self.calls:
            session.run(None, feed)
        return 0

    def templates(self, pictures: Sequence[str]) -> Iterator[np.ndarray | None]:
        """Make none."""
        raise NotImplementedError("the limit has no templates")


if __name__ == "__main__":
    serve(Limit)
