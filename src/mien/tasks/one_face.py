"""The one face of a picture that is meant: the largest, or the one that a box was drawn round."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mien.geometry.boxes import iou
from mien.types import Analysis, Boxes
from mien.types.arrays import IntArray

#: Least overlap of a found face with the box that somebody drew; they draw hair and ears or not.
_MIN_IOU = 0.3


def largest_face(analysis: Analysis) -> Analysis:
    """Return the analysis with its largest face only; with none if none was found."""
    return _only(analysis, np.argsort(-analysis.found.boxes.wh.prod(axis=1), kind="stable")[:1])


def face_in_box(analysis: Analysis, box: Boxes) -> Analysis:
    """Return the analysis with the face that overlaps a box (1,4) px most, by 0.3 or more."""
    overlap = iou(analysis.found.boxes.xyxy, box.xyxy)[:, 0]
    best = np.argsort(-overlap, kind="stable")[:1]
    return _only(analysis, best[overlap[best] >= _MIN_IOU])


def _only(analysis: Analysis, chosen: IntArray) -> Analysis:
    templates = None if analysis.templates is None else analysis.templates[chosen]
    faces = None if analysis.faces is None else analysis.faces[chosen]
    return replace(analysis, faces=faces, templates=templates)
