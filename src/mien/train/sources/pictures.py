"""Pictures of a data set that mien reads, whole or round their labelled face, at one size."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from mien.data import Sample, open_dataset
from mien.errors import DatasetError
from mien.train.examples import Examples, kept
from mien.train.registry import register
from mien.types.arrays import Array, ByteArray


@register("source", "pictures")
def pictures(
    data: Path,
    cache: Path,
    classes: tuple[str, ...],
    *,
    dataset: str,
    folder: str,
    label: str,
    split: str | None = None,
    size_wh: tuple[int, int],
    colour: str = "rgb",
) -> Examples:
    """Return every picture of a split that has the label, (N,h,w,1|3) uint8.

    ``folder`` is below ``data``; ``label``: a name of mien.data's LABELS, or ``subject_id``.
    ``colour``: rgb or grey. Raises DatasetError for a label outside ``classes``.
    """
    samples = [
        s
        for s in open_dataset(dataset, data / folder).samples(split)
        if _said(s, label) is not None
    ]
    if not samples:
        raise DatasetError(f"{data / folder}: no picture with the label {label!r}")
    width, height = size_wh
    targets = _targets([_said(s, label) for s in samples], classes, label)
    subjects = [s.subject_id for s in samples]

    def make(opened: Callable[[tuple[int, ...]], Array]) -> Examples:
        shape = (len(samples), height, width, 1 if colour == "grey" else 3)
        inputs = opened(shape)
        for row, sample in enumerate(samples):
            inputs[row] = fitted(sample.image().pixels, size_wh, colour)
        names = np.array([s.sample_id for s in samples])
        known = None if None in subjects else np.array(subjects)
        return Examples(inputs, targets, names, subjects=known)

    facts = (dataset, split, label, size_wh, colour, classes, [s.sample_id for s in samples])
    key = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
    return kept(cache / f"{dataset}-{key}", make)


def fitted(pixels: ByteArray, size_wh: tuple[int, int], colour: str) -> ByteArray:
    """Return a picture (H,W,3) RGB at another size, (h,w,3), or (h,w,1) for grey."""
    values = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if colour == "grey" else pixels
    if pixels.shape[1::-1] != tuple(size_wh):
        smaller = pixels.shape[1] > size_wh[0]
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        values = cv2.resize(values, size_wh, interpolation=how)
    return np.asarray(values, np.uint8).reshape(*values.shape[:2], -1)


def _said(sample: Sample, label: str) -> object:
    return sample.subject_id if label == "subject_id" else sample.labels.get(label)


def _targets(said: list[object], classes: tuple[str, ...], label: str) -> Array:
    if label == "subject_id":
        return np.unique(np.array(said, dtype=str), return_inverse=True)[1].astype(np.int64)
    if not classes:
        return np.array(said, np.float32)
    unknown = sorted({str(value) for value in said} - set(classes))
    if unknown:
        raise DatasetError(f"{label}: got {', '.join(unknown)}, expected {', '.join(classes)}")
    return np.array([classes.index(str(value)) for value in said], np.int64)
