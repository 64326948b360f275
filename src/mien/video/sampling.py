"""Sampling: about one template a second of each face, of the best crop of that second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mien.errors import ArrayError
from mien.models import get_spec
from mien.recognition.sets import TemplateSet
from mien.tasks.embed import template_model_id
from mien.tasks.landmarks import ROI_SCALE
from mien.tasks.task import Options, known_tasks, ordered
from mien.types import Analysis, Boxes, Faces, Image, Landmarks, Templates
from mien.types.arrays import FloatArray
from mien.video.following import Meshes

#: A face is embedded once this long after it appeared, then once in each period.
FIRST_S = 0.2
PERIOD_S = 1.0
_TASKS = ("quality", "embed")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One face of a frame, to be embedded: the frame, its mesh (one row), and how good it looks.

    ``merit``: side in px x cos² of the yaw x presence; compares crops of one face.
    """

    image: Image
    mesh: Meshes
    merit: float

    @classmethod
    def of(cls, image: Image, mesh: Meshes) -> Sample:
        """Look at one face, cheaply."""
        presence = 1 / (1 + np.exp(-float(mesh.logit[0])))
        return cls(image, mesh, float(mesh.squares[0, 2] * mesh.frontal[0] ** 2 * presence))


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """A template (one row, with its quality) and the yaw of the head in the crop."""

    template: Templates
    yaw_deg: FloatArray

    def into(self, seen: TemplateSet | None) -> TemplateSet:
        """Return the set that has seen this crop too."""
        if seen is None:
            return TemplateSet.of(self.template, yaw_deg=self.yaw_deg)
        return seen.update(self.template, yaw_deg=self.yaw_deg)


class Embedder:
    """Runs the tasks from landmarks to templates on single faces; networks load at first use."""

    def __init__(self, options: Options) -> None:
        self.options = options
        wanted = [name for name in self._names() if name != "detect"]
        self._tasks = [known_tasks()[name](options) for name in wanted]

    @staticmethod
    def _names() -> list[str]:
        known_tasks()
        return ordered(_TASKS)

    @property
    def model_id(self) -> str:
        """The id of the templates."""
        spec = get_spec(self.options.embedder)
        return template_model_id(spec, mesh=self.options.mesh, mirror=self.options.mirror)

    def __call__(self, samples: Sequence[Sample]) -> list[Embedded | None]:
        """Embed each sample; ``None`` for one whose template has no direction."""
        return [self._one(sample) for sample in samples]

    def _one(self, sample: Sample) -> Embedded | None:
        image = sample.image
        analyses = [Analysis(image.source, None, image.size_wh, _as_detected(sample))]
        try:
            for task in self._tasks:
                analyses = task([image], analyses)
        except ArrayError:
            return None
        (analysis,) = analyses
        found, templates = analysis.found, analysis.templates
        assert templates is not None
        unified = found.attributes["quality"].values[:, 0]
        quality = np.nan_to_num(unified, nan=0.0).astype(np.float32)
        rated = Templates(templates.vectors, templates.norm, templates.model_id, quality)
        return Embedded(rated, np.nan_to_num(found.attributes["pose"].values[:, 0]))


def _as_detected(sample: Sample) -> Faces:
    """Return the face as a detector would give it whose square is the mesh's."""
    square, five = sample.mesh.squares[0], sample.mesh.five[0]
    half = square[2] / ROI_SCALE / 2
    box = [[square[0] - half, square[1] - half, square[0] + half, square[1] + half]]
    ears = sample.mesh.points[0, [454, 234], :2]
    keypoints = np.concatenate([five[:3], five[3:].mean(axis=0, keepdims=True), ears])
    return Faces(
        sample.image.size_wh,
        Boxes(np.asarray(box, np.float32)),
        np.ones(1, np.float32),
        {"blaze6": Landmarks(keypoints[None], "blaze6")},
    )


@dataclass(slots=True, eq=False)
class Window:
    """The best sample since a time, due at another."""

    due_s: float
    best: Sample | None = field(default=None)

    def offer(self, sample: Sample) -> None:
        """Keep the sample if it is better than the one that is kept."""
        if self.best is None or sample.merit > self.best.merit:
            self.best = sample
