"""Identify: which subject of a gallery, if any, does a probe show? "Nobody here" is an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mien.errors import InputError, ModelError
from mien.metrics.rule_of_30 import FEWEST_ERRORS
from mien.recognition.calibration import Calibration
from mien.types import OperatingPoint
from mien.types.arrays import Array
from mien.types.candidate import Candidate

#: False positive identification rate unless told: one search in a hundred for people who are not
#: in the gallery names somebody.
FPIR = 1e-2


@dataclass(frozen=True, slots=True)
class GalleryThreshold:
    """The threshold of a search: where FPIR of a gallery of ``gallery_size`` references is kept.

    ``needed_fmr`` per comparison; ``extrapolated``: it is below every rate that was measured.
    """

    threshold: float
    target_fpir: float
    gallery_size: int
    needed_fmr: float
    extrapolated: bool
    measured_on: str
    model_id: str


@dataclass(frozen=True, slots=True)
class Likely:
    """A candidate with the probability that the probe shows its subject; ``None`` uncalibrated."""

    candidate: Candidate
    probability: float | None


@dataclass(frozen=True, slots=True)
class Identification:
    """The answer of one search: ``subject_id``, or ``None`` for "nobody here".

    The best candidate's subject iff its score >= threshold. ``candidates``: the best reference of
    each subject, best first. Probabilities add up to 1: those of the candidates, of somebody else
    in the gallery, and of nobody in it; under ``prior``, the share of searches whose person is
    enrolled, all subjects alike.
    """

    subject_id: int | None
    candidates: tuple[Likely, ...]
    threshold: GalleryThreshold
    probability_nobody: float | None = None
    probability_other: float | None = None
    prior: float | None = None
    calibrated_on: str | None = None

    @property
    def nobody(self) -> bool:
        """Whether the answer is "nobody here"."""
        return self.subject_id is None

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values; ``answer`` is "subject" or "nobody"."""
        return {
            "answer": "nobody" if self.nobody else "subject",
            "subject_id": self.subject_id,
            "candidates": [
                {**item.candidate.to_dict(), "probability": item.probability}
                for item in self.candidates
            ],
            "probability_nobody": self.probability_nobody,
            "probability_other": self.probability_other,
            "prior": self.prior,
            "calibrated_on": self.calibrated_on,
            **asdict(self.threshold),
        }


def gallery_threshold(
    points: Sequence[OperatingPoint],
    *,
    gallery_size: int,
    fpir: float = FPIR,
    extrapolate: bool = False,
) -> GalleryThreshold:
    """Return the threshold that keeps FPIR in a gallery of ``gallery_size`` references.

    From the operating points of one model: were comparisons independent, a search would name
    somebody by mistake at a rate of 1 - (1 - FMR)^N. They depend on the probe (some faces resemble
    many others), which lets false matches come together and makes the real rate lower: the
    threshold errs towards "nobody". Between measured rates the threshold is linear in ln FMR;
    above the highest it stays. Raises ModelError where a lower rate is needed than was measured,
    unless ``extrapolate`` continues the line.
    """
    if gallery_size < 0 or not 0 < fpir < 1:
        raise InputError(
            f"gallery_threshold: got size {gallery_size} and FPIR {fpir}, "
            "expected a size of 0 or more and a rate between 0 and 1"
        )
    if not points or len({point.model_id for point in points}) != 1:
        raise ModelError("gallery_threshold: expected operating points of one model")
    needed = -math.expm1(math.log1p(-fpir) / max(gallery_size, 1))
    curve = sorted(points, key=lambda point: -point.target_fmr)
    logs = np.log([point.target_fmr for point in curve])
    thresholds = [point.threshold for point in curve]
    below = math.log(needed) < logs[-1] - 1e-9
    if below and not (extrapolate and len(curve) > 1):
        raise ModelError(_too_few(curve[-1], gallery_size, fpir, needed))
    threshold = float(np.interp(-math.log(needed), -logs, thresholds))
    if below:
        slope = (thresholds[-1] - thresholds[-2]) / (logs[-1] - logs[-2])
        threshold = float(thresholds[-1] + slope * (math.log(needed) - logs[-1]))
    return GalleryThreshold(
        float(threshold),
        fpir,
        gallery_size,
        float(needed),
        bool(below),
        curve[-1].measured_on,
        curve[-1].model_id,
    )


def decide(
    candidates: Sequence[Candidate],
    threshold: GalleryThreshold,
    *,
    n_subjects: int,
    k: int = 5,
    calibration: Calibration | None = None,
    prior: float = 0.5,
    quality: float | None = None,
) -> Identification:
    """Decide on the candidates of one probe, as a search returns them, any order.

    Of several references of a subject the best one counts; equal scores: the lower subject id.
    ``n_subjects`` in the gallery; ``quality`` 0..100 of the probe, which the calibration reads as
    that of the pair. Pure: nothing is looked up.
    """
    if k < 1:
        raise InputError(f"k: got {k}, expected 1 or more")
    best = _one_a_subject(candidates)
    if len(best) > n_subjects:
        raise InputError(f"decide: got {len(best)} subjects, the gallery has {n_subjects}")
    named = best[0].subject_id if best and best[0].score >= threshold.threshold else None
    if calibration is None:
        return Identification(named, tuple(Likely(item, None) for item in best[:k]), threshold)
    if calibration.model_id != threshold.model_id:
        raise ModelError(
            f"decide: calibration of {calibration.model_id}, threshold of {threshold.model_id}"
        )
    scores = np.array([item.score for item in best], np.float64)
    pair_quality = None if quality is None else np.full(len(best), quality)
    ratios = calibration.log_ratios(scores, pair_quality)
    missed = calibration.log_missed(best[-1].score, quality) if best else 0.0
    likely, other, nobody = gallery_posterior(
        ratios, n_subjects=n_subjects, prior=prior, other=missed
    )
    kept = tuple(Likely(item, p) for item, p in zip(best[:k], likely[:k], strict=False))
    return Identification(
        named,
        kept,
        threshold,
        nobody,
        other + math.fsum(likely[k:]),
        prior,
        calibration.calibrated_on,
    )


def gallery_posterior(
    log_ratios: Sequence[float] | Array, *, n_subjects: int, prior: float, other: float = 0.0
) -> tuple[list[float], float, float]:
    """Return the probability of each candidate, of the other subjects together, and of nobody.

    ``log_ratios``: of the best candidates, one a subject, best first. Each subject is the person
    with prior / n_subjects. ``other``: the log-likelihood ratio of the fact that a subject was not
    returned, see ``Calibration.log_missed``; that of the last candidate is taken where it is lower.
    Rests on scores of different subjects being independent given who the probe shows.
    """
    if not 0 < prior < 1:
        raise InputError(f"prior: got {prior}, expected more than 0 and less than 1")
    if not n_subjects:
        return [], 0.0, 1.0
    each = math.log(prior / n_subjects)
    ratios = [float(ratio) for ratio in log_ratios]
    n_other = n_subjects - len(ratios)
    rest = -math.inf
    if n_other:
        rest = each + math.log(n_other) + min([0.0, other, *ratios[-1:]])
    logs = np.array([each + ratio for ratio in ratios] + [rest, math.log1p(-prior)])
    shares = np.exp(logs - np.logaddexp.reduce(logs)).tolist()
    return shares[:-2], shares[-2], shares[-1]


def _one_a_subject(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the best candidate of each subject, best first."""
    ranked = sorted(candidates, key=lambda item: (-item.score, item.subject_id, item.reference_id))
    best: dict[int, Candidate] = {}
    for item in ranked:
        best.setdefault(item.subject_id, item)
    return list(best.values())


def _too_few(point: OperatingPoint, gallery_size: int, fpir: float, needed: float) -> str:
    reach = -math.expm1(gallery_size * math.log1p(-point.target_fmr))
    return (
        f"{point.model_id}: FPIR {fpir:g} among {gallery_size:,} references needs FMR {needed:.2g} "
        f"a comparison, not measurable with {point.n_pairs:,} pairs (fewer than {FEWEST_ERRORS} "
        f"false matches expected); measured down to FMR {point.target_fmr:g}: ask for FPIR "
        f"{reach:.2g} or more, or pass extrapolate=True and check on pictures of yours"
    )
