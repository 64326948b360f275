"""Presentation attack detection from a score file: APCER of the worst species, BPCER."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.data.rows import Row
from mien.errors import DatasetError
from mien.evaluate.result import Curve, Figure, Findings
from mien.evaluate.score_task import Scores, ScoreTask, filled, register
from mien.evaluate.store import sha256_of
from mien.metrics.det import det_curve
from mien.metrics.presentation_attack import (
    attack_errors,
    bpcer_at_apcer,
    equal_error_threshold,
    half_total_error_rate,
)
from mien.metrics.rule_of_30 import measurable, shortfall
from mien.types.arrays import Array

_BONA_FIDE = "bona_fide"
_APCERS = {"BPCER10": 0.1, "BPCER20": 0.05, "BPCER100": 0.01}


def measure(rows: Sequence[Row], distance: bool, seed: int) -> Scores:
    """Measure scores of presentations."""
    score = np.array([row.number("score") for row in rows]) * (-1 if distance else 1)
    names = np.array([filled(row, "attack") for row in rows])
    real = names == _BONA_FIDE
    if real.all() or not real.any():
        raise DatasetError(f"{rows[0].path}: expected both {_BONA_FIDE} and attacks in 'attack'")
    species, kind = np.unique(names[~real], return_inverse=True)
    items = sha256_of(str(name) for name in names)
    found = _findings(score[real], score[~real], kind.astype(np.int64), tuple(species.tolist()))
    return Scores(found, len(rows), items)


def _findings(bona_fide: Array, attack: Array, kind: Array, species: tuple[str, ...]) -> Findings:
    threshold = equal_error_threshold(bona_fide, attack)
    errors = attack_errors(bona_fide, attack, kind, species=species, threshold=threshold)
    rule = f"bona fide iff score >= {threshold:.4f}, the equal error threshold on these very data"
    half = half_total_error_rate(bona_fide, attack, threshold=threshold)
    n = len(bona_fide) + len(attack)
    figures = [
        Figure.of(f"APCER, {name}", estimate, rule=rule)
        for name, estimate in zip(species, errors.apcer, strict=True)
    ]
    worst = species[errors.worst]
    figures += [
        Figure.of("APCER of the worst species", errors.apcer_worst, rule=f"{worst}; {rule}"),
        Figure.of("BPCER", errors.bpcer, rule=rule),
        Figure("ACER", errors.acer, n, rule="mean of the worst APCER and BPCER"),
        Figure("HTER", half, n, rule="mean of APCER of all species together and BPCER"),
    ]
    fewest = int(np.bincount(kind).min())
    for name, apcer in _APCERS.items():
        if not measurable(apcer, fewest):
            why = shortfall(apcer, fewest, name="APCER", trials="attacks", errors="errors")
            figures.append(Figure(name, None, len(bona_fide), why=why))
            continue
        point = bpcer_at_apcer(bona_fide, attack, kind, species=species, apcer=apcer)
        said = f"bona fide iff score >= {point.threshold:.4f}: APCER of every species <= {apcer:g}"
        figures.append(Figure.of(name, point.bpcer, rule=said))
    curve = det_curve(bona_fide, attack).thinned()
    x, y = (tuple(float(v) for v in side) for side in (curve.fmr, curve.fnmr))
    return Findings(tuple(figures), (Curve("DET", "det", x, y, "APCER, all species", "BPCER"),))


TASK = register(
    ScoreTask(
        name="presentation-attack",
        title="Presentation attack detection",
        protocol=(
            "mien has no model for this yet: these are scores of another system, higher for bona "
            "fide. The rate that ISO/IEC 30107-3 asks for is that of the worst species."
        ),
        columns=("score", "attack"),
        optional=(),
        measure=measure,
    )
)
