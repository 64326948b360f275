"""Errors of presentation attack detection: APCER of each species, BPCER, and what is made of them.

Source: ISO/IEC 30107-3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError
from mien.metrics.det import det_curve
from mien.metrics.estimate import Estimate
from mien.metrics.share import share_estimate
from mien.metrics.verification import threshold_at_fmr
from mien.types.arrays import FloatArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True)
class PresentationAttack:
    """Errors at one threshold: APCER of each species (in the order of ``species``) and BPCER."""

    threshold: float
    species: tuple[str, ...]
    apcer: tuple[Estimate, ...]
    bpcer: Estimate

    @property
    def worst(self) -> int:
        """The species with the highest APCER, the first of equals."""
        return int(np.argmax([estimate.value for estimate in self.apcer]))

    @property
    def apcer_worst(self) -> Estimate:
        """APCER of the worst species: the figure that ISO/IEC 30107-3 reports."""
        return self.apcer[self.worst]

    @property
    def acer(self) -> float:
        """Mean of the worst APCER and BPCER; not in the standard any more, but in papers."""
        return (self.apcer_worst.value + self.bpcer.value) / 2


def attack_errors(
    bona_fide: FloatArray,
    attack: FloatArray,
    kind: IntArray,
    *,
    species: Sequence[str],
    threshold: float,
) -> PresentationAttack:
    """Return APCER of each species and BPCER, with Clopper-Pearson intervals over presentations.

    ``bona_fide (N,)`` and ``attack (M,)``: scores, higher is more bona fide; ``kind (M,)`` of each
    attack, an index into ``species``.

    Rule: taken for bona fide iff score >= threshold. Ties: at the threshold it is; the first of
    equally bad species is the worst. Empty: NaN BPCER; ArrayError for a species without attacks.
    """
    bona_fide = checked("bona_fide", bona_fide, ("N",), dtype=np.float64)
    groups = _by_species(attack, kind, species)
    return PresentationAttack(
        threshold,
        tuple(species),
        tuple(share_estimate(group >= threshold) for group in groups),
        share_estimate(bona_fide < threshold),
    )


def bpcer_at_apcer(
    bona_fide: FloatArray,
    attack: FloatArray,
    kind: IntArray,
    *,
    species: Sequence[str],
    apcer: float,
) -> PresentationAttack:
    """Return the errors at the lowest threshold that keeps APCER of every species <= ``apcer``.

    Its ``bpcer`` is BPCER10 for 0.1, BPCER20 for 0.05, BPCER100 for 0.01.

    Rule: taken for bona fide iff score >= threshold. Ties: attacks that tie at the limit are
    detected. Empty: NaN BPCER; ArrayError for a species without attacks.
    """
    groups = _by_species(attack, kind, species)
    threshold = max(threshold_at_fmr(group, apcer) for group in groups)
    return attack_errors(bona_fide, attack, kind, species=species, threshold=threshold)


def half_total_error_rate(bona_fide: FloatArray, attack: FloatArray, *, threshold: float) -> float:
    """Return the mean of the shares of attacks accepted, of all species together, and of BPCER.

    Choose the threshold on other data, commonly by ``equal_error_threshold``.
    Rule: accepted iff score >= threshold. Ties: at the threshold it is. Empty: NaN without either.
    Source: Chingovska et al., Anti-spoofing in action (2014).
    """
    bona_fide = checked("bona_fide", bona_fide, ("N",), dtype=np.float64)
    attack = checked("attack", attack, ("M",), dtype=np.float64)
    if not len(bona_fide) or not len(attack):
        return math.nan
    return float(((attack >= threshold).mean() + (bona_fide < threshold).mean()) / 2)


def equal_error_threshold(bona_fide: FloatArray, attack: FloatArray) -> float:
    """Return the lowest score at which no more attacks are accepted than bona fide rejected.

    Rule: accepted iff score >= threshold. Ties: equal scores are one step. Empty: NaN without
    either; inf where the rates meet above all scores.
    """
    curve = det_curve(bona_fide, attack)
    if not (curve.n_mated and curve.n_non_mated):
        return math.nan
    return float(curve.thresholds[int(np.argmax(curve.fmr <= curve.fnmr))])


def _by_species(attack: FloatArray, kind: IntArray, species: Sequence[str]) -> list[FloatArray]:
    attack = checked("attack", attack, ("M",), dtype=np.float64)
    kind = checked("kind", kind, ("M",), dtype=np.int64)
    same_length("presentation attacks", attack=len(attack), kind=len(kind))
    if len(kind) and (kind.min() < 0 or kind.max() >= len(species)):
        raise ArrayError(
            f"kind: got {kind.min()} to {kind.max()}, expected 0 to {len(species) - 1}"
        )
    groups = [attack[kind == number] for number in range(len(species))]
    empty = [name for name, group in zip(species, groups, strict=True) if not len(group)]
    if empty or not groups:
        raise ArrayError(f"attack: got none of {', '.join(empty) or 'any species'}, expected some")
    return groups
