"""Cases of attributes: why a task reads a face as it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from mien.errors import InputError
from mien.explain.case import Case
from mien.explain.comparison import one_mesh
from mien.geometry.face_parts import FACE_PARTS, face_parts
from mien.geometry.similarity import invert, square_roi
from mien.geometry.warp import transform_points, warp_crops
from mien.tasks.landmarks import ROI_SCALE, mesh_squares
from mien.tasks.task import Options, Task, known_tasks, ordered
from mien.types import Analysis, Attribute, Boxes, Faces, Image, Landmarks
from mien.types.arrays import ByteArray, FloatArray

#: What can be explained, and the task that says it.
ATTRIBUTES: Mapping[str, str] = MappingProxyType(
    {
        "apparent_age": "age",
        "apparent_ancestry": "ancestry",
        "apparent_gender": "gender",
        "expression": "expression",
        "quality": "quality",
    }
)
#: What is read where a task gives several numbers and none was named.
_MAIN = {"quality": "unified"}
#: The crop: an upright square over the face's, which holds the crop that each task cuts out of it.
#: Quality also looks at what is round the face.
_SIDE_PX, _SIDES = 256, {"quality": 2.8}
#: Columns that do not depend on the pixels once there is a mesh: they stay as they are.
_KEPT = ("face_presence", "pose")


def attribute_case(
    image: Image,
    analysis: Analysis,
    row: int,
    target: str,
    *,
    options: Options | None = None,
    threads: int = 1,
) -> Case:
    """Return why a task reads one face of a picture as it does.

    ``target``: a name of ATTRIBUTES, or ``name:label`` ("apparent_gender:male"); without a label
    the most probable one is explained. The analysis needs the tasks that ``tasks_for`` names. The
    task itself is run on each altered crop, as on a picture whose mesh is known, with templates
    of the crop without its mirror image. Raises InputError for a target that there is not.
    """
    options = replace(Options() if options is None else options, mirror=False)
    name, _, label = target.partition(":")
    mesh = one_mesh(analysis, row)
    to_image = _square_map(mesh, _SIDES.get(name, ROI_SCALE))
    size_wh = (_SIDE_PX, _SIDE_PX)
    crop = warp_crops(image.pixels, to_image, size_wh)[0]
    in_crop = transform_points(invert(to_image), mesh[None])[0]
    read = _reader(name, _carried(analysis, row, in_crop), options)
    first = read(crop[None])
    column, label = _column(first, name, label)

    def score(crops: ByteArray) -> FloatArray:
        values = read(crops).values
        picked = values if column is None else values[:, column]
        return np.nan_to_num(np.asarray(picked, np.float32))

    return Case(
        crop,
        face_parts(in_crop, size_wh),
        FACE_PARTS,
        to_image[0],
        image.size_wh,
        score,
        f"{name}:{label}" if label else name,
        first.model_id,
        threads=threads,
        notes=(f"read from an upright crop of {_SIDE_PX} px, not from the whole picture",),
    )


def tasks_for(target: str) -> tuple[str, ...]:
    """Return the tasks that a picture needs before an attribute of it is explained."""
    return ("landmarks", *(name for name in ordered([_task_of(target)]) if name == "pose"))


def _task_of(target: str) -> str:
    name = target.partition(":")[0]
    if name not in ATTRIBUTES:
        raise InputError(f"target: got {name!r}, expected match, {', '.join(ATTRIBUTES)}")
    return ATTRIBUTES[name]


def _square_map(mesh: FloatArray, sides: float) -> FloatArray:
    """Return the map (1,2,3) from the crop to a square of so many sides of the face."""
    square = mesh_squares(mesh[None])
    return square_roi(square[:, :2], square[:, 2] * (sides / ROI_SCALE), square[:, 3], _SIDE_PX)


def _carried(analysis: Analysis, row: int, mesh: FloatArray) -> Faces:
    """Return the face as it lies in the crop, with what does not depend on the pixels."""
    corners = np.hstack([mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)])
    faces = analysis.found
    points = Landmarks(mesh[None], f"mesh{len(mesh)}")
    return Faces(
        (_SIDE_PX, _SIDE_PX),
        Boxes(corners[None]),
        faces.detection_score[[row]],
        {points.schema: points},
        {name: faces.attributes[name][[row]] for name in _KEPT if name in faces.attributes},
    )


def _reader(name: str, faces: Faces, options: Options) -> Callable[[ByteArray], Attribute]:
    """Return what runs the task on crops (N,h,w,3), as on N pictures of this one face."""
    known = known_tasks()
    names = [one for one in ordered([_task_of(name)]) if one not in ("detect", "landmarks", "pose")]
    steps: list[Task] = [known[one](options) for one in names]
    for step in steps:
        if (reason := step.missing()) is not None:
            raise InputError(f"target {name!r} cannot be explained: {reason}")

    def read(crops: ByteArray) -> Attribute:
        images = [Image(crop) for crop in crops]
        analyses = [Analysis(None, None, faces.image_size_wh, faces) for _ in images]
        for step in steps:
            analyses = step(images, analyses)
        columns = [one.found.attributes[name] for one in analyses]
        values = np.concatenate([one.values for one in columns])
        return replace(columns[0], values=values, spread=None)

    return read


def _column(attribute: Attribute, name: str, label: str) -> tuple[int | None, str]:
    """Return which column of an attribute is explained, and its label, empty for the only one."""
    if not attribute.labels:
        if label:
            raise InputError(f"target: {name} has no labels, got {label!r}")
        return None, ""
    chosen = label or _MAIN.get(name) or attribute.labels[int(np.argmax(attribute.values[0]))]
    if chosen not in attribute.labels:
        raise InputError(
            f"target: {name} has no {chosen!r}, expected one of {', '.join(attribute.labels)}"
        )
    return attribute.labels.index(chosen), chosen
