"""Pictures in which a face is looked for, as chips with labels and teachers' outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mien.data import Sample
from mien.errors import NoFaceError
from mien.geometry.align import alignment_maps
from mien.geometry.similarity import invert
from mien.geometry.warp import transform_points
from mien.tasks.crops import all_meshes, crop_faces
from mien.tasks.one_face import face_in_box, largest_face
from mien.tasks.pipeline import Analyzer
from mien.teach.labels import LABELLED, labels_of
from mien.teach.rows import SIZE_PX, Rows, blank
from mien.teach.teachers import teaching_tasks, write_taught
from mien.train.taught import COLUMNS, N_POINTS
from mien.types import Analysis, Image
from mien.types.arrays import ByteArray, FloatArray

#: Gets a line about how far it is.
Tell = Callable[[str], None]
ALIGNMENT = "dlib112"
_BATCH = 32


def face_chips(samples: Sequence[Sample], *, source: int, name: str, tell: Tell) -> Iterator[Rows]:
    """Yield, some at a time, a face of each picture in which one is found.

    The labelled one, else the largest. A face is labelled where the data set gives one box.
    ``source``: the data set's number; ``name``: for what ``tell`` gets now and then. Raises
    NoFaceError when there is no face at all, DatasetError for labels that the model has no place
    for.
    """
    analyzer = Analyzer(teaching_tasks())
    count = 0
    for start in range(0, len(samples), _BATCH):
        batch = samples[start : start + _BATCH]
        images = [sample.image() for sample in batch]
        analyses = [
            _meant(sample, analysis)
            for sample, analysis in zip(batch, analyzer.run(images), strict=True)
        ]
        rows = _chips(batch, images, analyses, source)
        count += len(rows)
        yield rows
        if start % (50 * _BATCH) == 0:
            tell(f"{name}: {start:,} of {len(samples):,} pictures")
    if not count:
        raise NoFaceError(f"{name}: no face was found in any of {len(samples)} pictures")


def _meant(sample: Sample, analysis: Analysis) -> Analysis:
    if sample.boxes is not None and len(sample.boxes) == 1:
        return face_in_box(analysis, sample.boxes)
    return largest_face(analysis)


def _chips(
    samples: Sequence[Sample], images: Sequence[Image], analyses: Sequence[Analysis], source: int
) -> Rows:
    kept = [index for index, analysis in enumerate(analyses) if len(analysis.found)]
    shown, found = [samples[index] for index in kept], [analyses[index] for index in kept]
    columns = blank(len(kept), source)
    mesh = all_meshes(found)
    crops, to_chip = cut([images[index] for index in kept], found)
    for row, (sample, analysis) in enumerate(zip(shown, found, strict=True)):
        one = slice(row, row + 1)
        write_taught(columns, row, transform_points(to_chip[one], mesh[one]), analysis)
        if _marked(sample):
            assert sample.landmarks is not None
            points = transform_points(to_chip[one], sample.landmarks.xy)[0]
            columns["landmarks"][row, :N_POINTS, :2] = points
            columns["targets"][row, COLUMNS["points"]] = 1.0
    write_labels(columns["targets"], shown)
    subjects = [s.sample_id if s.subject_id is None else s.subject_id for s in shown]
    return Rows(
        inputs=crops,
        names=np.array([f"{source}/{sample.sample_id}" for sample in shown], dtype=str),
        subjects=np.array([f"{source}/{subject}" for subject in subjects], dtype=str),
        **columns,
    )


def _marked(sample: Sample) -> bool:
    """Tell whether one face's 68 points are given."""
    points = sample.landmarks
    return points is not None and points.schema == "ibug68" and len(points) == 1


def write_labels(targets: FloatArray, samples: Sequence[Sample]) -> None:
    """Write what the data set says into targets (N,WIDTH); NaN where it says nothing."""
    labels = labels_of(samples)
    for place, name in enumerate(LABELLED):
        targets[:, COLUMNS[name]] = labels[:, place : place + 1]


def cut(images: Sequence[Image], found: Sequence[Analysis]) -> tuple[ByteArray, FloatArray]:
    """Return the chips (N,112,112,3) of pictures with one face each, and the maps to them."""
    to_image = alignment_maps(all_meshes(found), ALIGNMENT)
    maps = [to_image[row : row + 1] for row in range(len(to_image))]
    return crop_faces(images, maps, (SIZE_PX, SIZE_PX)), invert(to_image)
