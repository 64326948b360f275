"""Unified: points, apparent age, gender and ancestry, expression from one forward run a face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from mien.geometry.align import ALIGNMENTS, alignment_maps
from mien.geometry.ibug import MIRRORED_68
from mien.geometry.warp import transform_points
from mien.models import ModelSpec, Network, get_spec, has_model, load
from mien.tasks.columns import with_column
from mien.tasks.crops import all_meshes, crop_faces, split_rows
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image, Landmarks
from mien.types.arrays import ByteArray, FloatArray

MODEL = "mien-unified.s"
#: The outputs that are used; the others are not computed. Its template is the recogniser's of a
#: coarser chip without the mirror image: the task embed gives the better one.
_READ = ("points", "age", "age_spread", "gender", "ancestry", "expression", "recognisability")
_CLASSES = {
    "apparent_gender": "gender",
    "apparent_ancestry": "ancestry",
    "expression": "expression",
}


@register
class UnifiedTask:
    """Adds ``apparent_age``, ``apparent_gender``, ``apparent_ancestry``, ``expression``.

    And ``recognisability`` (0..1), each where no task of its own gave it; and ``ibug68`` points
    learned from what people marked, in place of those read off the mesh. Each is the mean over the
    chip and its mirror image, unless the option ``mirror`` is off, which halves the time. The
    option ``unified`` names another model, or the spec file of one's own; what it does not give
    is left out.
    """

    name: ClassVar[str] = "unified"
    requires: ClassVar[tuple[str, ...]] = ("landmarks",)

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Cut each face once, run the network once, deal out its outputs."""
        network = load(self._model(), device=self.options.device)
        preprocess = network.spec.preprocess
        to_image = alignment_maps(all_meshes(analyses), preprocess.alignment)
        crops = crop_faces(images, split_rows(to_image, analyses), preprocess.size_wh)
        found = read(network, crops, mirror=self.options.mirror)
        result = list(analyses)
        if "points" in found:
            points = found["points"]
            moved = transform_points(to_image, points[:, :, :2])
            result = _with_points(analyses, moved, points[:, :, 2])
        for name, column in _columns(found, network.spec).items():
            if not any(name in analysis.found.attributes for analysis in analyses):
                result = with_column(result, name, column)
        return result

    def models(self) -> tuple[str, ...]:
        """The one network."""
        return (self._model(),)

    def missing(self) -> str | None:
        """Its weights are in the research distribution; a chosen model is cut as mien can."""
        if self.options.unified is not None:
            spec = get_spec(self.options.unified)
            if spec.task == self.name and spec.preprocess.alignment in ALIGNMENTS:
                return None
            return (
                f"{spec.name} is for the task {spec.task} and the alignment "
                f"{spec.preprocess.alignment!r}; known are {', '.join(ALIGNMENTS)}"
            )
        if has_model(MODEL):
            return None
        return f"{MODEL} is not installed; pip install mien-weights-research"

    def _model(self) -> str:
        return MODEL if self.options.unified is None else self.options.unified


def _columns(found: Mapping[str, FloatArray], spec: ModelSpec) -> dict[str, Attribute]:
    """Return the attributes among a network's outputs."""
    columns = {}
    if "age" in found:
        columns["apparent_age"] = Attribute(
            found["age"], "scalar", spec.model_id, unit="years", spread=found["age_spread"]
        )
    if "recognisability" in found:
        columns["recognisability"] = Attribute(
            found["recognisability"], "scalar", spec.model_id, unit="0-1"
        )
    for name, output in _CLASSES.items():
        if output in found:
            columns[name] = Attribute(
                found[output], "probability", spec.model_id, spec.classes(output)
            )
    return columns


def read(network: Network, chips: ByteArray, *, mirror: bool) -> dict[str, FloatArray]:
    """Return what the task gives of chips (N,h,w,3); ``mirror``: the mean of both ways round."""
    wanted = [name for name in _READ if name in network.spec.outputs]
    if not mirror:
        return network(chips, only=wanted)
    both = network(np.concatenate([chips, chips[:, :, ::-1]]), only=wanted)
    count = len(chips)
    if "points" in both:
        points = both["points"]
        points[count:] = points[count:, list(MIRRORED_68)]
        points[count:, :, 0] = chips.shape[2] - points[count:, :, 0]
    return {name: (values[:count] + values[count:]) / 2 for name, values in both.items()}


def _with_points(
    analyses: Sequence[Analysis], points: FloatArray, visible: FloatArray
) -> list[Analysis]:
    """Return the analyses with 68 points (M,68,2) px of all faces of the batch."""
    result = []
    for analysis, xy, seen in zip(
        analyses, split_rows(points, analyses), split_rows(visible, analyses), strict=True
    ):
        if analysis.faces is not None:
            column = Landmarks(np.asarray(xy, np.float32), "ibug68", visibility=seen)
            analysis = analysis.with_faces(analysis.faces.with_landmarks(column))
        result.append(analysis)
    return result
