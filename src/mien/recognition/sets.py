"""One template from many pictures of a person: a running sum, whatever their order and number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mien.errors import ArrayError, InputError, TemplateMismatchError
from mien.types import Templates
from mien.types.arrays import Array, FloatArray, checked, same_length

Rule = Literal["cluster", "quality"]
#: Unified quality at the centre of each cluster; a picture is shared by its two neighbours.
CENTRES = (10.0, 30.0, 50.0, 70.0, 90.0)
#: |yaw| in degrees at the centre of each cluster of poses.
POSES_DEG = (0.0, 30.0, 60.0)
_CLUSTERS = len(CENTRES) * len(POSES_DEG)
#: Stands for a quality that is not known.
UNKNOWN_QUALITY = 50.0
#: A picture weighs (quality / 100) to this power, and at least this much. This and SATURATION were
#: chosen on CelebA even ids, sets of 3 and 10, half of the pictures degraded.
POWER = 0.5
LEAST_WEIGHT = 1e-3
#: A cluster of n pictures weighs n / (n + SATURATION) times their mean weight: a hundred frames
#: alike are not worth a hundred pictures.
SATURATION = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class TemplateSet:
    """The sum of what was seen of one person: constant memory, whatever the number of pictures.

    Clusters C = quality x pose, with fixed centres. ``sums (C,D)`` float64: weighted sums of unit
    vectors; ``weights (C,)``: sums of the weights; ``counts (C,)``: pictures, in fractions where
    one is shared between centres; ``quality_sum`` of the ``n`` pictures. All are sums, so order
    does not matter beyond rounding. Source: Cluster and Aggregate [P129], with fixed centres and
    weights in the place of learned ones.
    """

    model_id: str
    sums: Array
    weights: Array
    counts: Array
    quality_sum: float = 0.0
    n: int = 0

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        for name, shape in (
            ("sums", (_CLUSTERS, "D")),
            ("weights", (_CLUSTERS,)),
            ("counts", (_CLUSTERS,)),
        ):
            array = checked(f"TemplateSet.{name}", getattr(self, name), shape, dtype=np.float64)
            object.__setattr__(self, name, array)

    @classmethod
    def empty(cls, model_id: str, dimension: int) -> TemplateSet:
        """Return the set that has seen nothing."""
        nothing = np.zeros(_CLUSTERS)
        return cls(model_id, np.zeros((_CLUSTERS, dimension)), nothing, nothing)

    @classmethod
    def of(cls, templates: Templates, *, yaw_deg: FloatArray | None = None) -> TemplateSet:
        """Return the set that has seen these templates (N,), all of one person.

        ``templates.quality`` 0..100, where known, weighs and sorts the pictures; ``yaw_deg (N,)``
        sorts them by pose.
        """
        quality = _quality(templates)
        shares = _shares(quality, CENTRES)
        if yaw_deg is None:
            poses = _shares(np.zeros(len(templates)), POSES_DEG)
        else:
            yaw = np.abs(checked("yaw_deg", yaw_deg, ("N",), dtype=np.float64))
            same_length("TemplateSet", templates=len(templates), yaw_deg=len(yaw))
            poses = _shares(yaw, POSES_DEG)
        member = (shares[:, :, None] * poses[:, None, :]).reshape(len(templates), _CLUSTERS)
        weight = picture_weights(quality)
        return cls(
            templates.model_id,
            member.T @ (weight[:, None] * templates.vectors),
            member.T @ weight,
            member.sum(axis=0),
            float(quality.sum()),
            len(templates),
        )

    def update(self, templates: Templates, *, yaw_deg: FloatArray | None = None) -> TemplateSet:
        """Return the set that has seen these templates (N,) too; arguments as those of ``of``.

        Raises TemplateMismatchError for templates of another model.
        """
        return merge(self, TemplateSet.of(templates, yaw_deg=yaw_deg))

    def result(self, *, rule: Rule = "cluster") -> Templates:
        """Return the template of the set, as Templates of length 1.

        "quality": the weighted mean over pictures; "cluster": the weighted mean over clusters, see
        SATURATION. ``norm`` is the length of the mean of unit vectors, 1 when all agree;
        ``quality`` the mean quality of the pictures. Raises InputError for an empty set.
        """
        if rule not in ("cluster", "quality"):
            raise InputError(f"rule: got {rule!r}, expected 'cluster' or 'quality'")
        if not self.n:
            raise InputError("TemplateSet.result: the set has seen no picture, one is needed")
        total = self.sums.sum(axis=0), self.weights.sum()
        if rule == "cluster":
            scale = 1 / (self.counts + SATURATION)
            total = scale @ self.sums, scale @ self.weights
        return _single(total[0] / total[1], self.quality_sum / self.n, self.model_id)


def merge(first: TemplateSet, second: TemplateSet) -> TemplateSet:
    """Return the set that has seen what both have, up to float64 rounding.

    Raises TemplateMismatchError for sets of different models, ArrayError for other dimensions.
    """
    if first.model_id != second.model_id:
        raise TemplateMismatchError(
            f"templates of {first.model_id} and {second.model_id} cannot be merged; "
            "embed all pictures with one model"
        )
    if first.sums.shape != second.sums.shape:
        raise ArrayError(f"merge: got sums {first.sums.shape} and {second.sums.shape}")
    return TemplateSet(
        first.model_id,
        first.sums + second.sums,
        first.weights + second.weights,
        first.counts + second.counts,
        first.quality_sum + second.quality_sum,
        first.n + second.n,
    )


def quality_weighted_mean(templates: Templates) -> Templates:
    """Return the weighted mean of templates (N,) of one person, as Templates of length 1.

    Weights as of ``picture_weights``; the plain mean where quality is not known. Raises InputError
    for no templates.
    """
    return TemplateSet.of(templates).result(rule="quality")


def picture_weights(quality: FloatArray) -> Array:
    """Return the weight (N,) of pictures of unified quality (N,) 0..100."""
    weights: Array = np.maximum((np.asarray(quality, np.float64) / 100) ** POWER, LEAST_WEIGHT)
    return weights


def _quality(templates: Templates) -> Array:
    if templates.quality is None:
        return np.full(len(templates), UNKNOWN_QUALITY)
    return np.clip(templates.quality.astype(np.float64), 0, 100)


def _shares(values: Array, centres: tuple[float, ...]) -> Array:
    """Return how much of each value (N,) belongs to each centre (C,): its two neighbours."""
    return np.column_stack([np.interp(values, centres, row) for row in np.eye(len(centres))])


def _single(mean: Array, quality: float, model_id: str) -> Templates:
    length = float(np.linalg.norm(mean))
    if length < 1e-6:
        raise InputError("TemplateSet.result: the pictures cancel out, they have no mean direction")
    return Templates(
        mean[None] / length, np.array([length]), model_id, np.array([quality], np.float32)
    )
