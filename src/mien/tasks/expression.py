"""Expression: what the face shows, which is not what a person feels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from mien.geometry.similarity import square_roi
from mien.models import get_spec, has_model, load
from mien.tasks.columns import with_column
from mien.tasks.crops import crop_faces, meshes
from mien.tasks.landmarks import ROI_SCALE, mesh_squares
from mien.tasks.task import Options, register
from mien.types import Analysis, Attribute, Image
from mien.types.arrays import FloatArray

#: Gives calibrated probabilities over EXPRESSIONS; mien trained it.
MODEL = "mobilenet27.expression"
EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
#: Side of the crop over the longer side of the mesh: best of 0.9 to 1.5 on FER2013 pictures.
_SCALE = 1.0


@register
class ExpressionTask:
    """Adds the attribute ``expression``: probabilities over EXPRESSIONS, calibrated on FER2013.

    The option ``expression`` names another model, or the spec file of one's own with its classes.
    """

    name: ClassVar[str] = "expression"
    requires: ClassVar[tuple[str, ...]] = ("landmarks",)

    def __init__(self, options: Options) -> None:
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Read all faces of the batch, each cut out upright."""
        network = load(self._model(), device=self.options.device)
        classes = network.spec.classes("probabilities")
        size_wh = network.spec.preprocess.size_wh
        to_image = [upright_maps(mesh, size_px=size_wh[0]) for mesh in meshes(analyses)]
        # The temperature is in the graph.
        probabilities = network(crop_faces(images, to_image, size_wh))["probabilities"]
        column = Attribute(probabilities, "probability", network.spec.model_id, classes)
        return with_column(analyses, "expression", column)

    def models(self) -> tuple[str, ...]:
        """The expression network."""
        return (self._model(),)

    def missing(self) -> str | None:
        """Its weights are in the research distribution; a chosen model names its classes."""
        if self.options.expression is not None:
            spec = get_spec(self.options.expression)
            if spec.task == self.name and spec.classes("probabilities"):
                return None
            return f"{spec.name} is for the task {spec.task}, or does not name its classes"
        if has_model(MODEL):
            return None
        return (
            "no model for expression is installed: its weights were trained on pictures offered "
            "for research only and come apart; pip install mien-weights-research"
        )

    def _model(self) -> str:
        return MODEL if self.options.expression is None else self.options.expression


def upright_maps(mesh: FloatArray, *, size_px: int) -> FloatArray:
    """Return the maps (N,2,3) from a crop to the square round each mesh (N,468+,3) px.

    The square is turned with the eyes, so that a tilted face stands upright in the crop.
    """
    squares = mesh_squares(mesh)
    side = squares[:, 2] * (_SCALE / ROI_SCALE)
    return square_roi(squares[:, :2], side, squares[:, 3], size_px)
