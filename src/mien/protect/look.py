"""Look for every face that has to be covered: a false alarm costs little, a missed face much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from mien.geometry.boxes import overlap_of_smaller
from mien.tasks.pipeline import Analyzer
from mien.types import Analysis, Boxes, Faces, Image, Landmarks

#: Faces are covered from this probability on; analyses take 0.5.
MIN_SCORE = 0.2
#: A thorough look goes on down to this one, and to faces of this side in px.
THOROUGH_SCORE, THOROUGH_PX = 0.1, 8.0
#: The detector takes a smaller picture with one large face for a portrait and looks no further;
#: enlarged to this side it looks everywhere.
_LOOKED_THROUGH_PX = 480
#: Faces of which the smaller lies within the larger by this share are one.
_SAME = 0.7


def analyzers(*, thorough: bool, embed: bool, **options: Any) -> list[Analyzer]:
    """Return the analyzers that look, each once; ``options`` are those of Analyzer.

    ``thorough``: look also for faces turned by quarters, for smaller and less probable ones.
    ``embed``: with templates, to tell who it is.
    """
    tasks = ("embed",) if embed else ("landmarks",)
    looks = [Analyzer(tasks, threads=1, min_score=MIN_SCORE, **options)]
    if thorough:
        further: dict[str, Any] = {
            "min_score": THOROUGH_SCORE,
            "min_face_px": THOROUGH_PX,
            "orientation": "auto",
        }
        looks.append(Analyzer(tasks, threads=1, **further, **options))
    return looks


def look(image: Image, looks: Sequence[Analyzer]) -> list[Analysis]:
    """Return what each look found; a face that an earlier one found is left out of the later."""
    found: list[Analysis] = []
    for analyzer in looks:
        analysis = _looked_through(image, analyzer)
        seen = [one.found.boxes.xyxy for one in found]
        if seen and len(analysis.found):
            overlap = overlap_of_smaller(analysis.found.boxes.xyxy, np.concatenate(seen))
            analysis = _rows(analysis, overlap.max(axis=1, initial=0) < _SAME)
        found.append(analysis)
    return found


def _looked_through(image: Image, analyzer: Analyzer) -> Analysis:
    scale = _LOOKED_THROUGH_PX / max(image.size_wh)
    if scale <= 1:
        (analysis,) = analyzer.run([image])
        return analysis
    size_wh = tuple(max(1, round(side * scale)) for side in image.size_wh)
    larger = np.asarray(cv2.resize(image.pixels, size_wh, interpolation=cv2.INTER_CUBIC), np.uint8)
    (analysis,) = analyzer.run([replace(image, pixels=larger)])
    back = np.array(image.size_wh) / np.array(size_wh)
    faces = _scaled(analysis.found, back, image.size_wh)
    return replace(analysis, image_size_wh=image.size_wh, faces=faces)


def _scaled(faces: Faces, factor_wh: np.ndarray, size_wh: tuple[int, int]) -> Faces:
    depth = float(np.sqrt(factor_wh.prod()))
    factors = np.array([*factor_wh, depth], np.float32)
    landmarks = {
        name: Landmarks(points.points * factors[: points.points.shape[2]], name, points.visibility)
        for name, points in faces.landmarks.items()
    }
    boxes = Boxes(faces.boxes.xyxy * np.tile(factor_wh, 2).astype(np.float32))
    return replace(faces, image_size_wh=size_wh, boxes=boxes, landmarks=landmarks)


def _rows(analysis: Analysis, rows: np.ndarray) -> Analysis:
    templates = analysis.templates
    return replace(
        analysis,
        faces=analysis.found[rows],
        templates=None if templates is None else templates[rows],
    )
