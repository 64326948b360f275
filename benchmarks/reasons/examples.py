"""Which visual characteristics carry likeness: of two pictures of one person, and of two people."""

from __future__ import annotations

from pathlib import Path

from benchmarks.accuracy.rows import Row
from benchmarks.reasons.figures import lfw_pairs, mean
from mien.errors import MienError
from mien.explain.comparison import aligned, embedder
from mien.explain.prototypes.alterations import CHARACTERISTICS
from mien.explain.prototypes.likeness import Likeness, likeness
from mien.recognition.verify import one_face, one_template
from mien.tasks.verbs import analyzer

TITLE = "Examples: why this looks like that"
PROTOCOL = (
    "LFW, folds 4 and 5, the central face, default recogniser with mirror averaging. Loss of the "
    "comparison score when one characteristic of the probe's crop is altered, mean over eight "
    "strengths [P107]. Alterations are not equally strong: the change of the pixels (root mean "
    "square, grey levels) stands beside each. Intervals over pairs."
)
_PAIRS = 60


def measure(data: Path, *, scale: float = 1.0) -> tuple[list[Row], list[str]]:
    """Alter the probes of mated and of non-mated pairs."""
    rows: list[Row] = []
    for kind, mated in (("mated", True), ("non-mated", False)):
        pairs = lfw_pairs(data, mated=mated, n=max(3, round(_PAIRS * scale)))
        found = [one for one in (_compared(*pair) for pair in pairs) if one is not None]
        for name in CHARACTERISTICS:
            losses = [one.prototypes[0].because[name].value for one in found]
            change = sum(one.change_rms[name] for one in found) / max(len(found), 1)
            rows.append(mean(f"{kind}: {name}", losses, note=f"pixels change by {change:.1f}"))
    return rows, []


def _compared(probe: Path, reference: Path) -> Likeness | None:
    chosen = analyzer(("embed",))
    images = [chosen.read(path) for path in (probe, reference)]
    first, second = chosen.run(images)
    try:
        row = one_face(first, choose="central")
        template = one_template(second, choose="central")
    except MienError:
        return None
    crop = aligned(images[0], first, row, options=chosen.options).crop
    return likeness(crop, embedder(chosen.options, mirror=chosen.options.mirror), template, k=1)
