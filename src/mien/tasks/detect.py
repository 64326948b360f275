"""Detect: find every face of a picture, from 12 px to one that fills it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from mien.errors import InputError
from mien.models import Network, load
from mien.tasks.blaze import GRIDS
from mien.tasks.candidates import SAME_FACE_IOU, Candidates, merge
from mien.tasks.cascade import Networks, find
from mien.tasks.propose import look_whole
from mien.tasks.pyramid import Level
from mien.tasks.task import Options, register
from mien.types import Analysis, Boxes, Faces, Image, Landmarks
from mien.types.arrays import FloatArray

#: The networks of the cascade: one look at the whole, a closer look, a check, and a referee.
CASCADE = ("blazeface.short", "blazeface.back", "facemesh.plain", "blazeface.full")


@register
class DetectTask:
    """Adds the faces: ``boxes``, ``detection_score``, ``blaze6`` points and ``rotation_deg``.

    ``Options.detector`` ``None``: the cascade; ``detection_score`` is then a calibrated
    probability. A network's name: one look at the whole picture by it, the fastest there is;
    small faces are missed, and the score is the network's own.

    A box is MediaPipe's face box, whichever network found it: about square, from the brows to the
    chin. It may leave the picture where the face does.
    """

    name: ClassVar[str] = "detect"
    requires: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: Options) -> None:
        _check(options)
        self.options = options

    def __call__(self, images: Sequence[Image], analyses: Sequence[Analysis]) -> list[Analysis]:
        """Find the faces of every picture of the batch; each picture's best comes first."""
        pictures = [Level(image.pixels) for image in images]
        found = self._cascade(pictures) if self.options.detector is None else self._once(pictures)
        return [
            analysis
            if analysis.faces is None
            else analysis.with_faces(self._best(found, index, image.size_wh))
            for index, (image, analysis) in enumerate(zip(images, analyses, strict=True))
        ]

    def _best(self, found: Candidates, picture: int, size_wh: tuple[int, int]) -> Faces:
        return to_faces(found[found.owner == picture], size_wh)[: self.options.max_faces]

    def models(self) -> tuple[str, ...]:
        """Return the names of the networks that look."""
        return CASCADE if self.options.detector is None else (self.options.detector,)

    def missing(self) -> str | None:
        """Nothing: the networks come with mien."""
        return None

    def _cascade(self, pictures: Sequence[Level]) -> Candidates:
        return find(
            pictures,
            Networks(*(self._network(name) for name in CASCADE)),
            turned=self.options.orientation == "auto",
            min_face_px=self.options.min_face_px,
            min_log_odds=self._min_log_odds,
        )

    def _once(self, pictures: Sequence[Level]) -> Candidates:
        (name,) = self.models()
        found = look_whole(
            pictures, (0,), network=self._network(name), min_logit=self._min_log_odds
        )
        return merge(found, SAME_FACE_IOU)

    def _network(self, name: str) -> Network:
        return load(name, device=self.options.device, threads=1)

    @property
    def _min_log_odds(self) -> float:
        score = 0.5 if self.options.min_score is None else self.options.min_score
        return float(np.log(score / (1 - score)))


def _check(options: Options) -> None:
    """Raise InputError for an option that detection does not know."""
    detector, score, smallest = options.detector, options.min_score, options.min_face_px
    if detector is not None and detector not in GRIDS:
        raise InputError(
            f"detector: got {detector!r}, expected one of {', '.join(GRIDS)} for one look by that "
            "network, or None for the cascade"
        )
    if options.orientation not in ("exif", "auto"):
        raise InputError(f"orientation: got {options.orientation!r}, expected 'exif' or 'auto'")
    if detector is not None and options.orientation == "auto":
        raise InputError(
            f"orientation: 'auto' needs the cascade, got detector {detector!r}; leave detector out"
        )
    if score is not None and not 0 < score < 1:
        raise InputError(f"min_score: got {score}, expected a number between 0 and 1")
    if smallest is not None and not smallest > 0:
        raise InputError(f"min_face_px: got {smallest}, expected a number above 0")
    if options.max_faces is not None and options.max_faces < 1:
        raise InputError(f"max_faces: got {options.max_faces}, expected a number above 0")


def to_faces(found: Candidates, image_size_wh: tuple[int, int]) -> Faces:
    """Return one picture's candidates as Faces, best first."""
    found = found[np.argsort(-found.logit, kind="stable")]
    return Faces(
        image_size_wh,
        Boxes(found.xyxy),
        _probability(found.logit),
        {"blaze6": Landmarks(found.coords[:, 2:], "blaze6")},
        rotation_deg=found.quarters * 90.0,
    )


def _probability(log_odds: FloatArray) -> FloatArray:
    return (1 / (1 + np.exp(-np.clip(log_odds, -60, 60)))).astype(np.float32)
