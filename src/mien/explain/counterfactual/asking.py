"""Ask what would have to change: for two pictures not to match (or to match), for another label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from mien.errors import InputError
from mien.explain.case import Case
from mien.explain.comparison import match_case, one_mesh
from mien.explain.counterfactual.edits import KINDS, Donor, alternatives
from mien.explain.counterfactual.search import BUDGET, MINIMAL, Flip, flip
from mien.explain.reading import attribute_case, tasks_for
from mien.geometry.similarity import fit_similarity, invert
from mien.geometry.warp import transform_points, warp_crops
from mien.models import get_spec
from mien.recognition.operating import operating_point
from mien.recognition.verify import Choose, one_face, one_template
from mien.tasks.pipeline import Analyzer, Source
from mien.tasks.verbs import analyzer
from mien.types import Analysis, Image
from mien.types.arrays import FloatArray

Kind = Literal["copy", "blur", "inpaint"]
#: A label is given up below this probability, and taken from it on.
_HALF = 0.5
#: Width of the edges of what is put back into a picture, in pixels of the crop.
_EDGE_PX = 1.5
#: ... and how far round the regions they are put, in shares of the crop's side.
_REACH = 0.03
_HOW = {"copy": "copied from another face", "blur": "blurred", "inpaint": "painted over"}
NOTE = (
    "shows what moves this model, not what makes a person look different; an edited picture is no "
    "evidence of anything"
)


@dataclass(frozen=True, slots=True, eq=False)
class Counterfactual:
    """What was altered for a decision to be another one; see ``Flip`` for what its search found.

    ``picture``: the whole picture with the edited regions put back; it was never photographed.
    ``picture_score``: what the model says of that picture, the mesh being the same; ``holds``:
    whether the decision is flipped there, too. A crop may be finer than its picture.
    """

    flip: Flip
    picture: Image
    picture_score: float
    target: str
    kind: str
    model_id: str
    notes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the edited picture lies on the other side of the threshold than the probe."""
        below = self.flip.before < self.flip.threshold
        return (self.picture_score < self.flip.threshold) != below

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values, without pixels."""
        found = self.flip
        return {
            "target": self.target,
            "kind": self.kind,
            "model_id": self.model_id,
            "flipped": found.flipped,
            "regions": list(found.regions),
            "area": found.area,
            "before": found.before,
            "after": found.after,
            "picture_score": self.picture_score,
            "holds": self.holds,
            "threshold": found.threshold,
            "trace": list(found.trace),
            "model_calls": found.model_calls,
            "notes": list(self.notes),
        }

    def to_text(self) -> str:
        """Return one sentence or two made from the measured facts."""
        found = self.flip
        names = ", ".join(name.replace("_", " ") for name in found.regions)
        scores = f"the score goes from {found.before:.3f} to {found.after:.3f}"
        if not found.flipped:
            return f"No edit of this kind flips the decision: {scores}, at {found.threshold:.3f}."
        holds = (
            "" if self.holds else f" It does not hold in the picture ({self.picture_score:.3f})."
        )
        sentence = MINIMAL[0].upper() + MINIMAL[1:]
        how = _HOW[self.kind]
        return f"With {names} {how}, {scores}, past {found.threshold:.3f}.{holds} {sentence}."


def counterfactual(
    probe: Source,
    reference: Source | None = None,
    *,
    target: str | None = None,
    kind: Kind = "copy",
    donor: Source | None = None,
    fmr: float = 1e-3,
    choose: Choose = "single",
    budget: int = BUDGET,
    **options: Any,
) -> Counterfactual:
    """Alter few regions of the probe's face until a decision about it is another one.

    With ``reference``: match or no match at the operating point of ``fmr``. Regions are copied from
    ``donor``; without one from the reference, which can only turn no match into match. With
    ``target`` ("apparent_gender:male", "expression:sad"): whether that label has half of the
    probability; without a label the most probable one is to go. ``kind``: copy, blur or inpaint.
    Options are those of Analyzer. Raises NoFaceError, SeveralFacesError, InputError.
    """
    if (reference is None) == (target is None):
        raise InputError("counterfactual: expected either a reference or a target")
    if kind not in KINDS:
        raise InputError(f"kind: got {kind!r}, expected one of {', '.join(KINDS)}")
    asked = ("embed",) if target is None else tasks_for(target)
    chosen = analyzer(asked, **options)
    image = chosen.read(probe)
    (analysis,) = chosen.run([image])
    row = one_face(analysis, choose=choose)
    if target is None:
        assert reference is not None
        point_case, threshold = _match(chosen, image, analysis, row, reference, fmr, choose)
    else:
        point_case, threshold = _attribute(chosen, image, analysis, row, target), _HALF
    before = float(point_case.score(point_case.crop[None])[0])
    if kind == "copy" and donor is None:
        if target is not None or before >= threshold:
            raise InputError("copy: needs a face to copy from; give a donor, or blur or inpaint")
        donor = reference
    found = _search(chosen, point_case, analysis, row, kind, donor, threshold, choose, budget)
    picture = put_back(image, found, point_case.to_image)
    if target is None:
        assert reference is not None
        again, _ = _match(chosen, picture, analysis, row, reference, fmr, choose)
    else:
        again = _attribute(chosen, picture, analysis, row, point_case.target)
    return Counterfactual(
        found,
        picture,
        float(again.score(again.crop[None])[0]),
        point_case.target,
        kind,
        point_case.model_id,
        (*point_case.notes, MINIMAL, NOTE),
    )


def put_back(image: Image, found: Flip, to_image: FloatArray) -> Image:
    """Return the picture with the altered regions of its crop in place, all else as it was."""
    to_crop = invert(to_image[None])
    moved = warp_crops(found.crop, to_crop, image.size_wh)[0]
    # The edges of the regions are soft: what is put back reaches beyond them.
    reach = 2 * round(_REACH * max(found.changed.shape)) + 1
    grown = cv2.dilate(found.changed.astype(np.uint8) * 255, np.ones((reach, reach), np.uint8))
    soft = cv2.GaussianBlur(grown, (0, 0), _EDGE_PX)
    mask = warp_crops(np.asarray(soft, np.uint8), to_crop, image.size_wh)[0]
    weight = mask[..., None].astype(np.float32) / 255
    mixed = np.rint(image.pixels * (1 - weight) + moved * weight).astype(np.uint8)
    return Image(mixed, image.source)


def _match(
    chosen: Analyzer,
    image: Image,
    analysis: Analysis,
    row: int,
    reference: Source,
    fmr: float,
    choose: Choose,
) -> tuple[Case, float]:
    template = one_template(chosen.analyze(reference), choose=choose)
    options = chosen.options
    point = operating_point(get_spec(options.embedder), template.model_id, fmr=fmr)
    # As templates are made, so that the threshold is the one that was measured.
    case = match_case(
        *(image, analysis, row, template),
        options=options,
        mirror=options.mirror,
        threshold=point.threshold,
    )
    return case, point.threshold


def _attribute(chosen: Analyzer, image: Image, analysis: Analysis, row: int, target: str) -> Case:
    case = attribute_case(image, analysis, row, target, options=chosen.options)
    if ":" not in case.target or case.target.startswith("quality"):
        raise InputError(f"target: got {target!r}, which has no labels to flip between")
    return case


def _search(
    chosen: Analyzer,
    case: Case,
    analysis: Analysis,
    row: int,
    kind: str,
    donor: Source | None,
    threshold: float,
    choose: Choose,
    budget: int,
) -> Flip:
    mesh = _in_crop(case.to_image, one_mesh(analysis, row))
    given = None
    if kind == "copy":
        assert donor is not None
        image = chosen.read(donor)
        (theirs,) = chosen.run([image])
        size_wh = (case.crop.shape[1], case.crop.shape[0])
        their_mesh = one_mesh(theirs, one_face(theirs, choose=choose))
        to_image = _same_frame(their_mesh, one_mesh(analysis, row), case.to_image)
        crop = warp_crops(image.pixels, to_image[None], size_wh)[0]
        given = Donor(crop, _in_crop(to_image, their_mesh))
    edits = alternatives(case.crop, case.labels, kind, mesh=mesh, donor=given)
    return flip(case, edits, threshold=threshold, budget=budget)


def _in_crop(to_image: FloatArray, mesh: FloatArray) -> FloatArray:
    moved: FloatArray = transform_points(invert(to_image[None]), mesh[None])[0]
    return moved


def _same_frame(theirs: FloatArray, ours: FloatArray, to_image: FloatArray) -> FloatArray:
    """Return the map (2,3) from our crop to the donor's picture that lays the meshes together."""
    (moved,) = fit_similarity(ours[None, :468, :2], theirs[:468, :2])
    linear = moved[:, :2] @ to_image[:, :2]
    shift = moved[:, :2] @ to_image[:, 2] + moved[:, 2]
    return np.column_stack([linear, shift]).astype(np.float32)
