"""Verify: do two pictures show the same person?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np

from mien.errors import InputError, NoFaceError, SeveralFacesError
from mien.models import get_spec
from mien.recognition.calibration import Calibration, posterior, stored_calibration
from mien.recognition.compare import pair_scores
from mien.recognition.operating import operating_point
from mien.tasks.pipeline import Source
from mien.tasks.verbs import analyzer
from mien.types import Analysis, Faces, Match, Templates

Choose = Literal["single", "largest", "central"]
#: What a comparison needs of each picture: templates, and the quality that widens a probability.
VERIFY_TASKS = ("embed", "quality")


def verify(
    probe: Source,
    reference: Source,
    *,
    fmr: float = 1e-3,
    prior: float = 0.5,
    choose: Choose = "single",
    **options: Any,
) -> Match:
    """Compare the face in one picture with the face in another, and decide.

    ``fmr``: the false match rate of the operating point, measured and stored with the model;
    ``prior``: the share of such comparisons that show one person, which the probability needs and
    the decision does not. ``choose``: what to do when a picture shows several faces: "single"
    refuses it, "largest" and "central" take the largest one and the one nearest to the middle.
    Raises NoFaceError, SeveralFacesError, InputError for a prior that is no share, and ModelError
    where no operating point was measured for the model at that rate.
    """
    chosen = analyzer(VERIFY_TASKS, **options)
    analyses = chosen.run([chosen.read(probe), chosen.read(reference)])
    return verified(
        *analyses, embedder=chosen.options.embedder, fmr=fmr, prior=prior, choose=choose
    )


def verified(
    probe: Analysis,
    reference: Analysis,
    *,
    embedder: str,
    fmr: float = 1e-3,
    prior: float = 0.5,
    choose: Choose = "single",
) -> Match:
    """Compare two pictures that VERIFY_TASKS ran over with that ``embedder``; see ``verify``."""
    first, second = (one_template(analysis, choose=choose) for analysis in (probe, reference))
    spec = get_spec(embedder)
    point = operating_point(spec, first.model_id, fmr=fmr)
    calibration = stored_calibration(spec, first.model_id)
    return calibrated(
        point.decide(comparison_score(first, second)),
        calibration,
        quality=worse_quality(first, second),
        prior=prior,
    )


def calibrated(
    match: Match, calibration: Calibration | None, *, quality: float | None, prior: float
) -> Match:
    """Return the match with its probability; without a calibration as it is.

    ``quality``: unified quality 0..100 of the worse picture, ``None`` where not known.
    """
    score = np.array([match.score])
    if calibration is None:
        posterior(score, prior)  # refuses a prior that is no share
        return replace(match, quality=quality)
    known = None if quality is None else np.array([quality])
    low = high = None
    if known is not None and (interval := calibration.interval(score, known, prior=prior)):
        low, high = (float(end[0]) for end in interval)
    return replace(
        match,
        probability=float(calibration.probability(score, known, prior=prior)[0]),
        probability_low=low,
        probability_high=high,
        prior=prior,
        quality=quality,
        calibrated_on=calibration.calibrated_on,
    )


def worse_quality(probe: Templates, reference: Templates) -> float | None:
    """Return the lower quality of two single templates, ``None`` unless both are known."""
    if probe.quality is None or reference.quality is None:
        return None
    return float(min(probe.quality[0], reference.quality[0]))


def comparison_score(probe: Templates, reference: Templates) -> float:
    """Return the cosine similarity of two single templates, -1..1.

    Raises TemplateMismatchError when they come from different models.
    """
    score = float(pair_scores(probe[:1], reference[:1])[0])
    return min(1.0, max(-1.0, score))  # unit vectors are so up to rounding


def one_template(analysis: Analysis, *, choose: Choose = "single") -> Templates:
    """Return the template of a picture's only (or chosen) face, as Templates of length 1."""
    row, templates = one_face(analysis, choose=choose), analysis.templates
    if templates is None:
        raise NoFaceError(f"{analysis.source}: no face was embedded, one is needed")
    return with_quality(templates, analysis.found)[[row]]


def one_face(analysis: Analysis, *, choose: Choose = "single") -> int:
    """Return the row of a picture's only (or chosen) face. Raises as ``verify`` does."""
    if choose not in get_args(Choose):
        raise InputError(f"choose: got {choose!r}, expected one of {', '.join(get_args(Choose))}")
    faces = analysis.found
    if not len(faces):
        raise NoFaceError(f"{analysis.source}: no face was found, one is needed")
    if len(faces) > 1 and choose == "single":
        raise SeveralFacesError(
            f"{analysis.source}: shows {len(faces)} faces, one is needed; crop the picture, or "
            "choose 'largest' or 'central' (--choose largest) to take one of them"
        )
    return chosen_row(faces, choose)


def chosen_row(faces: Faces, choose: Choose) -> int:
    """Return the row of the largest of some faces, or of the one nearest to the middle."""
    if choose == "central":
        off_centre = np.linalg.norm(faces.boxes.centres - np.array(faces.image_size_wh) / 2, axis=1)
        return int(np.argmin(off_centre))
    return int(np.argmax(faces.boxes.wh.prod(axis=1)))


def with_quality(templates: Templates, faces: Faces) -> Templates:
    """Return the templates with their faces' unified quality, where that was measured."""
    column = faces.attributes.get("quality")
    if column is None or templates.quality is not None:
        return templates
    return replace(templates, quality=column.values[:, column.labels.index("unified")])
