"""COFW: 29 points of faces that something hides, each said to be seen or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mien.data.dataset import register
from mien.data.folder import Folder, box_xywh
from mien.data.matlab import open_hdf5
from mien.data.png import png_of
from mien.data.sample import Sample
from mien.errors import DatasetError
from mien.types import Landmarks


@register
class Cofw(Folder):
    """``COFW_train_color.mat`` (IsTr, phisTr, bboxesTr) and ``COFW_test_color.mat`` (needs [mat]).

    ``phis`` has 29 x, 29 y, 29 flags a face: 1 = hidden, here ``visibility`` 0. Pictures lie in
    the files as bare pixels and are yielded as PNG.
    """

    name = "cofw"
    title = "COFW (colour)"
    source = "data.caltech.edu COFW; github.com/HRNet/HRNet-Facial-Landmark-Detection lib/datasets"
    gives = ("boxes", "cofw29")
    files = {"train": "COFW_train_color.mat", "test": "COFW_test_color.mat"}

    def read(self, split: str) -> Iterator[Sample]:
        """Yield the faces of one split."""
        path, ending = self.root / self.files[split], "Tr" if split == "train" else "T"
        with open_hdf5(path) as file:
            try:
                yield from _faces(path, file, ending)
            # A damaged file fails in h5py wherever it happens to.
            except (OSError, KeyError, ValueError, TypeError, IndexError, RuntimeError) as error:
                if isinstance(error, DatasetError):
                    raise
                raise DatasetError(f"{path}: cannot be read: {error}") from error


def _faces(path: Path, file: Any, ending: str) -> Iterator[Sample]:
    for name in ("Is", "phis", "bboxes"):
        if f"{name}{ending}" not in file:
            raise DatasetError(f"{path}: has no variable {name}{ending}")
    pictures, points, boxes = (file[f"{name}{ending}"][()] for name in ("Is", "phis", "bboxes"))
    # MATLAB's columns are HDF5's rows: (87,N), (4,N), and references (1,N).
    count = pictures.size
    if points.shape != (87, count) or boxes.shape != (4, count):
        raise DatasetError(f"{path}: got phis {points.shape} and bboxes {boxes.shape} of {count}")
    for number, reference in enumerate(pictures.ravel()):
        pixels = np.asarray(file[reference]).T
        yield _sample(path, number, pixels, points[:, number], boxes[:, number])


def _sample(path: Path, number: int, pixels: Any, phi: Any, box: Any) -> Sample:
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3):
        raise DatasetError(f"{path}: picture {number} is {pixels.dtype} {pixels.shape}")
    if not (np.isfinite(phi).all() and np.isfinite(box).all()):
        raise DatasetError(f"{path}: picture {number} has numbers that are not finite")
    xy, hidden = phi[:58].reshape(2, 29).T, phi[58:]
    return Sample(
        f"{path.name}#{number}",
        encoded=png_of(np.ascontiguousarray(pixels)),
        boxes=box_xywh(*map(float, box)),
        landmarks=Landmarks(xy[None], "cofw29", visibility=1 - hidden[None]),
    )
