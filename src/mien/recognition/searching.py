"""Search probes among templates or in a gallery, and answer who is there, or nobody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.errors import ArrayError, ModelError
from mien.gallery import Gallery
from mien.models import get_spec
from mien.recognition.calibration import Calibration, stored_calibration
from mien.recognition.compare import top_k
from mien.recognition.identify import (
    FPIR,
    GalleryThreshold,
    Identification,
    decide,
    gallery_threshold,
)
from mien.types import OperatingPoint, Templates
from mien.types.arrays import IntArray, checked
from mien.types.candidate import Candidate


def identify(
    probes: Templates,
    references: Templates,
    subject_ids: IntArray,
    *,
    fpir: float = FPIR,
    k: int = 5,
    prior: float = 0.5,
    extrapolate: bool = False,
    points: Sequence[OperatingPoint] | None = None,
    calibration: Calibration | None = None,
) -> list[Identification]:
    """Search each probe among references (N,) of subjects ``subject_ids (N,)``; one answer each.

    Exact. ``fpir``, ``extrapolate``: see ``gallery_threshold``; ``k``, ``prior``: see ``decide``.
    Without ``points`` those stored with the model are taken, and its calibration. Raises
    TemplateMismatchError for different models, ModelError where no threshold was measured.
    """
    subjects = checked("subject_ids", subject_ids, ("N",), dtype=np.int64)
    if len(subjects) != len(references):
        raise ArrayError(f"subject_ids: got {len(subjects)}, expected {len(references)}")
    if points is None:
        points, calibration = stored(probes.model_id)
    threshold = gallery_threshold(
        points, gallery_size=len(references), fpir=fpir, extrapolate=extrapolate
    )
    # The best reference of the k-th subject stands no deeper than all references of k-1 others.
    most = np.sort(np.unique(subjects, return_counts=True)[1])[::-1]
    found = top_k(probes, references, int(most[: k - 1].sum()) + 1)
    lists = [
        [
            Candidate(int(index), int(subjects[index]), float(score), rank)
            for rank, (index, score) in enumerate(zip(*row, strict=True), start=1)
        ]
        for row in zip(found.index, found.scores, strict=True)
    ]
    return _answers(lists, probes, threshold, len(most), k, calibration, prior)


def identify_in(
    gallery: Gallery,
    probes: Templates,
    *,
    fpir: float = FPIR,
    k: int = 5,
    prior: float = 0.5,
    extrapolate: bool = False,
) -> list[Identification]:
    """Search each probe in a gallery; one answer each, as ``identify`` gives it.

    A subject's score is that of its best reference. Raises GalleryMismatchError for probes of
    another model than the gallery's.
    """
    points, calibration = stored(probes.model_id)
    count = gallery.count()
    threshold = gallery_threshold(
        points, gallery_size=count.references, fpir=fpir, extrapolate=extrapolate
    )
    lists = gallery.search(probes, k + 1, policy="max")
    return _answers(lists, probes, threshold, count.subjects, k, calibration, prior)


def stored(model_id: str) -> tuple[list[OperatingPoint], Calibration | None]:
    """Return what was measured for exactly this model id; raises ModelError when nothing was."""
    spec = get_spec(model_id.split("@")[0])
    points = [point for point in spec.operating_points if point.model_id == model_id]
    if not points:
        raise ModelError(f"{model_id}: no threshold was measured for it")
    return points, stored_calibration(spec, model_id)


def _answers(
    lists: Sequence[Sequence[Candidate]],
    probes: Templates,
    threshold: GalleryThreshold,
    n_subjects: int,
    k: int,
    calibration: Calibration | None,
    prior: float,
) -> list[Identification]:
    quality = [None] * len(probes) if probes.quality is None else probes.quality.tolist()
    return [
        decide(
            candidates,
            threshold,
            n_subjects=n_subjects,
            k=k,
            calibration=calibration,
            prior=prior,
            quality=known,
        )
        for candidates, known in zip(lists, quality, strict=True)
    ]
