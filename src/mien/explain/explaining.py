"""From a case to its explanation: run a method, bring what it found to the picture."""

from __future__ import annotations

import cv2
import numpy as np

from mien.errors import InputError
from mien.explain.case import Case
from mien.explain.explainer import Finding, get_explainer
from mien.explain.faithfulness import faithfulness as measured
from mien.types.arrays import FloatArray
from mien.types.explanation import Explanation

#: Chosen by measurement: see docs/capabilities/explain.md.
DEFAULT_METHOD = "shapley"


def explain_case(
    case: Case,
    *,
    method: str = DEFAULT_METHOD,
    budget: int | None = None,
    seed: int = 0,
    faithfulness: bool = False,
) -> Explanation:
    """Run a method on a case; the map is in the picture's coordinates.

    ``budget``: crops that may be scored (``None``: the method's own); measuring its faithfulness
    takes more, which ``model_calls`` counts, too. Raises InputError for an unknown method, one that
    needs both pictures where there is one, and a budget that is too small.
    """
    finding = find(case, method=method, budget=budget, seed=seed)
    areas, extra = measured(case, finding.map) if faithfulness else (None, 0)
    return Explanation(
        method=method,
        target=case.target,
        model_id=case.model_id,
        base_score=finding.base_score,
        map=in_picture(finding.map, case.to_image, case.image_size_wh),
        regions=case.regions,
        region_scores=finding.region_scores,
        model_calls=finding.model_calls + extra,
        seed=seed,
        region_spread=finding.region_spread,
        threshold=case.threshold,
        faithfulness=areas,
        notes=(*case.notes, *finding.notes),
        correspondence=finding.correspondence,
    )


def find(case: Case, *, method: str, budget: int | None = None, seed: int = 0) -> Finding:
    """Run a method on a case, in the crop's frame; see ``explain_case``."""
    explainer = get_explainer(method)
    budget = explainer.budget if budget is None else budget
    if budget < explainer.smallest_budget:
        raise InputError(
            f"budget: got {budget}, expected {explainer.smallest_budget} or more for {method!r}"
        )
    if explainer.needs_partner and case.partner is None:
        raise InputError(f"method {method!r} compares two pictures; this case shows one")
    return explainer.find(case, budget, np.random.default_rng(seed))


def in_picture(
    values: FloatArray, to_image: FloatArray, image_size_wh: tuple[int, int]
) -> FloatArray:
    """Bring a map (h,w) over a crop to its picture: (H,W) float32, 0 outside of the crop.

    ``to_image (2,3)``: continuous crop coordinates to those of the picture.
    """
    to_centres = np.asarray(to_image, np.float64).copy()
    # OpenCV counts from pixel centres.
    to_centres[:, 2] += to_centres[:, :2].sum(axis=1) / 2 - 0.5
    moved = cv2.warpAffine(np.asarray(values, np.float32), to_centres, image_size_wh)
    return np.asarray(moved, np.float32)
