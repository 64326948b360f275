"""mien: `Analyzer.analyze_many` on files, with the tasks and options of the job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any

import cv2
import numpy as np
from protocol import Job, most_central, serve

from mien import Analysis, Analyzer


def analyzer_of(job: Job) -> Analyzer:
    """Build the analyzer that the job's options name; tasks left out are the default ones."""
    cv2.setNumThreads(job["threads"])
    options: dict[str, Any] = dict(job["options"])
    if "tasks" in options:
        options["tasks"] = tuple(options["tasks"])
    return Analyzer(threads=job["threads"], **options)


def checked(analysis: Analysis) -> Analysis:
    """Stop on an input that failed: its time would not be comparable."""
    if analysis.error is not None:
        raise RuntimeError(f"{analysis.source}: {analysis.error.message}")
    return analysis


class Mien:
    """The streaming pipeline, end to end from the file."""

    def __init__(self, job: Job) -> None:
        self.analyzer = analyzer_of(job)
        self.about = {
            "mien": version("mien"),
            "onnxruntime": version("onnxruntime"),
            "tasks": ", ".join(self.analyzer.task_names),
            "models": ", ".join(spec.name for spec in self.analyzer.models),
            "threads": "CPU affinity; intra-op threads of ONNX Runtime and OpenCV set",
            "decode": "its own (header check by Pillow, pixels by OpenCV)",
        }

    def run(self, pictures: Sequence[str]) -> int:
        """Analyse every face of every picture."""
        return sum(len(checked(a).found) for a in self.analyzer.analyze_many(pictures))

    def templates(self, pictures: Sequence[str]) -> Iterator[np.ndarray | None]:
        """The template of the most central face."""
        for analysis in self.analyzer.analyze_many(pictures):
            faces, templates = checked(analysis).found, analysis.templates
            if len(faces) == 0 or templates is None or analysis.image_size_wh is None:
                yield None
                continue
            row = most_central(faces.boxes.xyxy, analysis.image_size_wh)
            yield templates.vectors[row]


if __name__ == "__main__":
    serve(Mien)
