"""Verify: do two pictures show the same person?"""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from mien.errors import InputError, ModelError, NoFaceError, SeveralFacesError
from mien.models import ModelSpec, get_spec
from mien.tasks.pipeline import Source
from mien.tasks.verbs import analyzer
from mien.types import Analysis, Match, OperatingPoint, Templates

Choose = Literal["single", "largest", "central"]


def verify(
    probe: Source,
    reference: Source,
    *,
    fmr: float = 1e-3,
    choose: Choose = "single",
    **options: Any,
) -> Match:
    """Compare the face in one picture with the face in another, and decide.

    ``fmr``: the false match rate of the operating point, measured and stored with the model.
    ``choose``: what to do when a picture shows several faces: "single" refuses it, "largest" and
    "central" take the largest one and the one nearest to the middle. Raises NoFaceError, SeveralFacesError, and ModelError where no operating
    point was measured for the model at that rate.
    """
    chosen = analyzer(("embed",), **options)
    analyses = chosen.run([chosen.read(probe), chosen.read(reference)])
    first, second = (one_template(analysis, choose=choose) for analysis in analyses)
    point = operating_point(get_spec(chosen.options.embedder), first.model_id, fmr=fmr)
    return point.decide(comparison_score(first, second))


def comparison_score(probe: Templates, reference: Templates) -> float:
    """Return the cosine similarity of two single templates, -1..1.

    Raises TemplateMismatchError when they come from different models.
    """
    probe.require_same_model(reference)
    return float(np.dot(probe.vectors[0], reference.vectors[0]))


def one_template(analysis: Analysis, *, choose: Choose = "single") -> Templates:
    """Return the template of a picture's only (or chosen) face, as Templates of length 1."""
    if choose not in get_args(Choose):
        raise InputError(f"choose: got {choose!r}, expected one of {', '.join(get_args(Choose))}")
    faces, templates = analysis.found, analysis.templates
    if templates is None or not len(faces):
        raise NoFaceError(f"{analysis.source}: no face was found, one is needed")
    if len(faces) > 1 and choose == "single":
        raise SeveralFacesError(
            f"{analysis.source}: shows {len(faces)} faces, one is needed; crop the picture, or "
            "choose 'largest' or 'central' (--choose largest) to take one of them"
        )
    if choose == "central":
        off_centre = np.linalg.norm(faces.boxes.centres - np.array(faces.image_size_wh) / 2, axis=1)
        return templates[[int(np.argmin(off_centre))]]
    return templates[[int(np.argmax(faces.boxes.wh.prod(axis=1)))]]


def operating_point(spec: ModelSpec, model_id: str, *, fmr: float) -> OperatingPoint:
    """Return the stored operating point of a model at a false match rate.

    Raises ModelError with the rates that were measured for exactly this model id.
    """
    points = [point for point in spec.operating_points if point.model_id == model_id]
    for point in points:
        if np.isclose(point.target_fmr, fmr):
            return point
    rates = ", ".join(f"{point.target_fmr:g}" for point in points)
    measured = f"measured for FMR {rates}" if rates else "no threshold was measured"
    raise ModelError(
        f"{model_id}: {measured}, asked for {fmr:g}; thresholds of other models or options do not "
        "carry over: measure one on mated and non-mated pairs of yours"
    )
