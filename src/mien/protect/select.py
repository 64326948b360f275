"""Who is covered: everybody, all but somebody, or only somebody, told by a gallery.

Both ways err on the side of covering: who is kept must be matched beyond doubt, who is to be
covered is covered at the least likeness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from mien.errors import GalleryNotFoundError, InputError
from mien.gallery import Gallery
from mien.models import get_spec
from mien.recognition.identify import gallery_threshold
from mien.recognition.operating import operating_point
from mien.recognition.searching import stored
from mien.types import Templates

#: Who is not the kept person is left open by mistake at this rate at most, for each face looked at.
KEEP_FPIR = 1e-3
#: Who may be the person to cover is covered at the threshold of this false match rate.
ONLY_FMR = 1e-2


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a face is covered, and why; ``score``: the best comparison score, if any was made."""

    covered: bool
    why: str
    score: float | None = None


class Selector(Protocol):
    """Decides who is covered."""

    @property
    def needs_templates(self) -> bool:
        """Whether faces have to be embedded."""
        ...

    def decide(self, templates: Templates | None, n: int) -> list[Decision]:
        """Return one decision for each of ``n`` faces, from their templates if those are needed."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Say by what rule, for the report."""
        ...


@dataclass(frozen=True, slots=True)
class Everybody:
    """Cover every face."""

    needs_templates: bool = False

    def decide(self, templates: Templates | None, n: int) -> list[Decision]:
        """Cover all."""
        return [Decision(True, "everybody is covered")] * n

    def to_dict(self) -> dict[str, Any]:
        """Say so."""
        return {"who": "everybody"}


@dataclass(frozen=True, slots=True, eq=False)
class ByGallery:
    """Cover all but, or only, the subjects whose ``references`` these are.

    ``keep``: a face stays open iff its score with one of them is >= ``threshold`` and no other
    subject of the gallery scores higher. ``only``: a face is covered iff its score with one of
    them is >= ``threshold``.
    """

    kind: Literal["keep", "only"]
    gallery: Gallery
    subject_ids: tuple[int, ...]
    references: Templates
    threshold: float
    rate: str
    needs_templates: bool = True

    def decide(self, templates: Templates | None, n: int) -> list[Decision]:
        """Compare each face with the references."""
        if templates is None or not n:
            return [Decision(True, "could not be compared")] * n
        templates.require_same_model(self.references)
        scores = (templates.vectors @ self.references.vectors.T).max(axis=1)
        if self.kind == "only":
            return [self._only(float(score)) for score in scores]
        best = self.gallery.search(templates, 1, policy="max")
        return [
            self._keep(float(score), bool(row) and row[0].subject_id in self.subject_ids)
            for score, row in zip(scores, best, strict=True)
        ]

    def _only(self, score: float) -> Decision:
        may_be = score >= self.threshold
        return Decision(may_be, "may be who is to be covered" if may_be else "somebody else", score)

    def _keep(self, score: float, is_best: bool) -> Decision:
        if score < self.threshold:
            return Decision(True, "not clearly who is kept", score)
        if not is_best:
            return Decision(True, "like who is kept, and more like somebody else", score)
        return Decision(False, "clearly who is kept", score)

    def to_dict(self) -> dict[str, Any]:
        """Return the rule and its operating point."""
        return {
            "who": "all but" if self.kind == "keep" else "only",
            "subject_ids": list(self.subject_ids),
            "threshold": self.threshold,
            "rate": self.rate,
            "model_id": self.references.model_id,
        }


def selector(
    gallery: Gallery | None, *, keep: Sequence[str] = (), only: Sequence[str] = ()
) -> Selector:
    """Return what decides; ``keep``, ``only``: subjects by name, external id or subject id.

    Raises InputError for both, or one without a gallery; GalleryNotFoundError for somebody who is
    not in it; ModelError where no threshold was measured for the gallery's model.
    """
    if not keep and not only:
        return Everybody()
    if keep and only:
        raise InputError("anonymize: keep and only exclude each other")
    if gallery is None or gallery.model_id is None:
        raise InputError("anonymize: keep and only need a gallery with somebody in it")
    ids = tuple(dict.fromkeys(_subject_id(gallery, name) for name in (*keep, *only)))
    found = [ref.reference_id for one in ids for ref in gallery.iterate(subject_id=one)]
    if not found:
        raise InputError(f"anonymize: subjects {ids} have no reference to compare with")
    references = gallery.templates(found)
    threshold, rate = _threshold(gallery.model_id, len(found), keep=bool(keep))
    kind: Literal["keep", "only"] = "keep" if keep else "only"
    return ByGallery(kind, gallery, ids, references, threshold, rate)


def _threshold(model_id: str, n_references: int, *, keep: bool) -> tuple[float, str]:
    if not keep:
        spec = get_spec(model_id.split("@")[0])
        point = operating_point(spec, model_id, fmr=ONLY_FMR)
        return point.threshold, f"FMR {ONLY_FMR:g} a comparison, {point.measured_on}"
    points, _ = stored(model_id)
    one_set = [point for point in points if point.measured_on == points[0].measured_on]
    chosen = gallery_threshold(
        one_set, gallery_size=n_references, fpir=KEEP_FPIR, extrapolate=len(one_set) > 1
    )
    how = "extrapolated from" if chosen.extrapolated else "measured on"
    return chosen.threshold, f"FPIR {KEEP_FPIR:g} a face, {how} {chosen.measured_on}"


def _subject_id(gallery: Gallery, name: str) -> int:
    found = gallery.find(name=name) or gallery.find(external_id=name)
    if not found and name.isascii() and name.isdigit():
        found = [gallery.subject(int(name))]
    ids = [int(one.subject_id) for one in found if one.subject_id is not None]
    if not ids:
        raise GalleryNotFoundError(f"gallery: nobody has the name or id {name!r}")
    if len(ids) > 1:
        raise InputError(f"gallery: subjects {ids} have the name {name!r}; give the id of one")
    return int(np.int64(ids[0]))
