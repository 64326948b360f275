"""FER2013's pictures as chips, all through one map: most are too small to be found in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mien.data import Sample, open_dataset
from mien.errors import DatasetError, NoFaceError
from mien.geometry.align import alignment_maps
from mien.geometry.similarity import fit_similarity
from mien.geometry.warp import transform_points, warp_crops
from mien.tasks.crops import all_meshes
from mien.tasks.expression import EXPRESSIONS
from mien.tasks.one_face import largest_face
from mien.tasks.pipeline import Analyzer
from mien.teach.faces import ALIGNMENT, write_labels
from mien.teach.rows import SIZE_PX, Rows, blank
from mien.teach.teachers import expressions_of
from mien.train.taught import COLUMNS
from mien.types import Image
from mien.types.arrays import ByteArray, FloatArray

DATASET = "fer2013"
#: Side of the data set's own pictures, which show a face from edge to edge.
_SIDE_PX = 48
#: Pixels by which a picture is continued beyond its edge, so that no chip has black in it.
_FRAME_PX = 24
_BATCH = 512


def is_whole(sample: Sample) -> bool:
    """Tell whether a picture of a folder in FER2013's layout is as small as FER2013's own."""
    return sample.image().pixels.shape[:2] == (_SIDE_PX, _SIDE_PX)


def whole_chips(samples: Sequence[Sample], root: Path, *, source: int) -> Iterator[Rows]:
    """Yield, some at a time, FER2013's whole pictures in the folder ``root``, with expressions.

    Raises DatasetError for a picture of another size, NoFaceError without a face
    for the map.
    """
    to_image = whole_map(root)
    for start in range(0, len(samples), _BATCH):
        yield _chips(samples[start : start + _BATCH], to_image, source)


def _chips(samples: Sequence[Sample], to_image: FloatArray, source: int) -> Rows:
    framed = [_framed(sample.image(), sample) for sample in samples]
    chips = [warp_crops(picture, to_image, (SIZE_PX, SIZE_PX)) for picture in framed]
    columns = blank(len(samples), source)
    write_labels(columns["targets"], samples)
    inside = slice(_FRAME_PX, -_FRAME_PX)
    taught = expressions_of(np.stack([picture[inside, inside] for picture in framed]))
    if taught is not None:
        columns["targets"][:, COLUMNS["expression_taught"]] = taught
    names = np.array([f"{source}/{sample.sample_id}" for sample in samples], dtype=str)
    return Rows(inputs=np.concatenate(chips), names=names, subjects=names, **columns)


def whole_map(root: Path) -> FloatArray:
    """Return the map (1,2,3) from the chip to a framed picture: of the median found face.

    Its four numbers are the medians over the first pictures of each expression of the training
    part. Raises NoFaceError where no face is found.
    """
    corners = np.array([[[0, 0], [SIZE_PX, 0], [0, SIZE_PX]]], np.float32)
    found = [transform_points(matrix[None], corners)[0] for matrix in _found_maps(root)]
    if not found:
        raise NoFaceError(f"{root}: no face was found in the first pictures of each expression")
    median = np.median(np.stack(found), axis=0)
    return fit_similarity(corners, median[None]).astype(np.float32)


def _framed(image: Image, sample: Sample) -> ByteArray:
    if image.pixels.shape[:2] != (_SIDE_PX, _SIDE_PX):
        raise DatasetError(
            f"{sample.path}: got {image.pixels.shape[1]} x {image.pixels.shape[0]} px, expected "
            f"{_SIDE_PX} x {_SIDE_PX} as the first picture; keep other sizes in another folder"
        )
    frame = ((_FRAME_PX, _FRAME_PX), (_FRAME_PX, _FRAME_PX), (0, 0))
    return np.pad(image.pixels, frame, mode="edge")


def _found_maps(root: Path, each: int = 60) -> Iterator[FloatArray]:
    analyzer = Analyzer(("detect", "landmarks"))
    samples = list(open_dataset(DATASET, root).samples("train"))
    for expression in EXPRESSIONS:
        chosen = [s for s in samples if s.labels["expression"] == expression][:each]
        images = [Image(_framed(sample.image(), sample)) for sample in chosen]
        for analysis in analyzer.run(images):
            if len(analysis.found):
                yield alignment_maps(all_meshes([largest_face(analysis)]), ALIGNMENT)[0]
