"""Pictures of the data sets as chips, with labels and the outputs of mien's separate networks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.data import Sample, open_dataset
from mien.geometry.align import alignment_maps
from mien.geometry.head_pose import solve_head_pose
from mien.geometry.ibug import ibug68_from_mesh, ibug68_groups
from mien.geometry.regions import REGIONS, region_mask
from mien.geometry.similarity import fit_similarity, invert
from mien.geometry.visibility import vertex_visibility
from mien.geometry.warp import transform_points, warp_crops
from mien.tasks.ancestry import ANCESTRIES
from mien.tasks.crops import all_meshes, crop_faces
from mien.tasks.expression import EXPRESSIONS
from mien.tasks.gender import GENDERS
from mien.tasks.pipeline import Analyzer
from mien.train.tasks.regions import PARTS
from mien.train.taught import COLUMNS, N_POINTS, POSE_STEP
from mien.types import Analysis, Image
from tools.heads.features import largest_face
from tools.unified.rows import SIZE_PX, Rows, blank

_log = logging.getLogger(__name__)
ALIGNMENT = "dlib112"
#: The part, without its side, of each region.
_PART_OF = np.array(
    [PARTS.index(r.split("_")[-1] if r != "inner_mouth" else r) for r in REGIONS], np.uint8
)
_BATCH = 32
#: How far points are trusted that a teacher gave.
_TAUGHT = 0.5


def faces_of(name: str, root: Path, split: str, *, source: int, limit: int | None) -> Rows:
    """Return the largest face of each picture of a data set, where one is found."""
    samples = list(islice(open_dataset(name, root).samples(split), limit))
    analyzer = Analyzer(("detect", "landmarks", "quality", "embed"))
    parts: list[dict[str, NDArray[np.generic]]] = []
    for start in range(0, len(samples), _BATCH):
        batch = samples[start : start + _BATCH]
        images = [sample.image() for sample in batch]
        analyses = [largest_face(analysis) for analysis in analyzer.run(images)]
        parts.append(_chips(batch, images, analyses, source))
        if start % (50 * _BATCH) == 0:
            _log.info("%s: %d of %d", name, start, len(samples))
    return Rows(**{key: np.concatenate([p[key] for p in parts]) for key in parts[0]})


def _chips(
    samples: Sequence[Sample], images: Sequence[Image], analyses: Sequence[Analysis], source: int
) -> dict[str, NDArray[np.generic]]:
    kept = [index for index, analysis in enumerate(analyses) if len(analysis.found)]
    found = [analyses[index] for index in kept]
    columns = blank(len(kept), source)
    mesh = all_meshes(found)
    crops, to_chip = cut([images[index] for index in kept], found)
    for row, (index, analysis) in enumerate(zip(kept, found, strict=True)):
        _teach(
            columns, row, transform_points(to_chip[row : row + 1], mesh[row : row + 1]), analysis
        )
        _label(columns, row, samples[index], to_chip[row])
    names = [f"{source}/{samples[index].sample_id}" for index in kept]
    subjects = [
        f"{source}/{s.subject_id if s.subject_id is not None else s.sample_id}"
        for s in (samples[index] for index in kept)
    ]
    return columns | {
        "inputs": crops,
        "names": np.array(names, dtype=str),
        "subjects": np.array(subjects, dtype=str),
    }


def cut(
    images: Sequence[Image], found: Sequence[Analysis]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return the chips (N,112,112,3) of pictures with one face each, and the maps to them."""
    to_image = alignment_maps(all_meshes(found), ALIGNMENT)
    maps = [to_image[row : row + 1] for row in range(len(to_image))]
    return crop_faces(images, maps, (SIZE_PX, SIZE_PX)), invert(to_image)


def _teach(
    columns: dict[str, NDArray[np.generic]],
    row: int,
    mesh: NDArray[np.float32],
    analysis: Analysis,
) -> None:
    """Write what mien's networks say: points, pose, regions, quality, template."""
    targets, landmarks = columns["targets"], columns["landmarks"]
    points = ibug68_from_mesh(mesh)[0, :, :2]
    visible = ibug68_groups(vertex_visibility(mesh, np.ones(1, np.float32))[:, :, None])[0, :, 0]
    landmarks[row, :N_POINTS, :2], landmarks[row, :N_POINTS, 2] = points, visible
    rotation = solve_head_pose(mesh)[0][0].astype(np.float64)
    middle = mesh[0, :468, :2].mean(axis=0)
    steps = np.stack([0 * rotation[:2, 0], *(rotation[:2, k] * s for k, s in _STEPS)])
    landmarks[row, N_POINTS:, :2] = middle + POSE_STEP * SIZE_PX * steps
    landmarks[row, N_POINTS:, 2] = 1
    columns["masks"][row] = _PART_OF[region_mask(mesh, (SIZE_PX, SIZE_PX))]
    columns["mesh"][row] = mesh[0, :468, :2]
    quality = analysis.found.attributes["quality"]
    targets[row, COLUMNS["recognisability"]] = quality.values[0, 0] / 100
    targets[row, COLUMNS["points"]] = _TAUGHT
    assert analysis.templates is not None
    targets[row, COLUMNS["embedding"]] = analysis.templates.vectors[0]


#: Axis of the canonical face and sign of each pose point after the middle.
_STEPS = ((0, 1.0), (0, -1.0), (1, 1.0), (2, 1.0))


def _label(
    columns: dict[str, NDArray[np.generic]],
    row: int,
    sample: Sample,
    to_chip: NDArray[np.float32],
) -> None:
    """Write what the data set says."""
    targets, labels = columns["targets"], sample.labels
    if "apparent_age" in labels:
        targets[row, COLUMNS["age"]] = float(str(labels["apparent_age"]))
        targets[row, COLUMNS["gender"]] = GENDERS.index(str(labels["apparent_gender"]))
        targets[row, COLUMNS["ancestry"]] = ANCESTRIES.index(str(labels["apparent_ancestry"]))
    if sample.landmarks is not None:
        points = _moved(sample.landmarks.points[0, :, :2], to_chip)
        columns["landmarks"][row, :N_POINTS, :2] = points
        targets[row, COLUMNS["points"]] = 1.0


def _moved(points: NDArray[np.float32], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(transform_points(matrix[None], points[None])[0], np.float32)


def grey_faces(root: Path, split: str, limit: int | None = None) -> Rows:
    """Return FER2013's pictures, all through one map: most are too small to be found in."""
    samples = list(islice(open_dataset("fer2013", root).samples(split), limit))
    to_image = fer_map(root)
    chips = [warp_crops(_framed(s.image().pixels), to_image, (SIZE_PX, SIZE_PX)) for s in samples]
    columns = blank(len(samples), 0)
    columns["targets"][:, COLUMNS["expression"]] = [
        [EXPRESSIONS.index(str(sample.labels["expression"]))] for sample in samples
    ]
    names = np.array([f"0/{sample.sample_id}" for sample in samples], dtype=str)
    return Rows(inputs=np.concatenate(chips), names=names, subjects=names, **columns)


#: Pixels by which a FER2013 picture is continued beyond its edge, so that no chip has black in it.
_FRAME_PX = 24


def _framed(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    frame = ((_FRAME_PX, _FRAME_PX), (_FRAME_PX, _FRAME_PX), (0, 0))
    return np.pad(pixels, frame, mode="edge")


def fer_map(root: Path) -> NDArray[np.float32]:
    """Return the map (1,2,3) from the chip to a framed FER2013 picture: of the median found face.

    Its four numbers are the medians over the first pictures of each expression of the training
    part.
    """
    corners = np.array([[0, 0], [SIZE_PX, 0], [0, SIZE_PX]], np.float32)
    found = np.stack([_moved(corners, matrix) for matrix in _found_maps(root)])
    median = np.median(found, axis=0)
    return fit_similarity(corners[None], median[None]).astype(np.float32)


def _found_maps(root: Path, each: int = 60) -> Iterator[NDArray[np.float32]]:
    analyzer = Analyzer(("detect", "landmarks"))
    samples = list(open_dataset("fer2013", root).samples("train"))
    for expression in EXPRESSIONS:
        chosen = [s for s in samples if s.labels["expression"] == expression][:each]
        images = [Image(_framed(sample.image().pixels)) for sample in chosen]
        for analysis in analyzer.run(images):
            if len(analysis.found):
                yield alignment_maps(all_meshes([largest_face(analysis)]), ALIGNMENT)[0]
