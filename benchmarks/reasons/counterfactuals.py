"""How few regions flip a comparison, at what cost, and whether fewer would do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.accuracy.rows import Row
from benchmarks.reasons.figures import lfw_pairs, mean, share
from mien.errors import MienError
from mien.explain.comparison import aligned, match_case, one_mesh
from mien.explain.counterfactual.edits import KINDS, Alternatives, Donor, alternatives
from mien.explain.counterfactual.search import Flip, flip
from mien.geometry.similarity import invert
from mien.geometry.warp import transform_points
from mien.models import get_spec
from mien.recognition.operating import operating_point
from mien.recognition.verify import one_face, one_template
from mien.tasks.verbs import analyzer
from mien.types import Analysis, Image
from mien.types.arrays import FloatArray

TITLE = "Counterfactuals: match to no match, and back"
PROTOCOL = (
    "LFW, folds 4 and 5, the central face; the threshold of FMR 0.001. Matches: mated pairs that "
    "match; regions are copied from the probe of the next pair, blurred or painted over. No match "
    "to match: non-mated pairs, regions copied from the reference. Random: regions added in a "
    "random order until the decision flips, nothing taken back. Fewer: all sets of one and of two "
    "regions are tried where the search needed more; 'smallest' counts searches that no such set "
    "beats. Templates are averaged with their mirror images, as mien verify does; a crop counts "
    "once."
)
_PAIRS = 40
_CHECKED = 12


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    image: Image
    analysis: Analysis
    row: int


def measure(data: Path, *, scale: float = 1.0) -> tuple[list[Row], list[str]]:
    """Search counterfactuals of every kind on both sorts of pairs."""
    rows, notes = [], []
    n = max(3, round(_PAIRS * scale))
    mated = _sides(lfw_pairs(data, mated=True, n=n))
    donors = [mated[(place + 1) % len(mated)][0] for place in range(len(mated))]
    for kind in KINDS:
        done = [
            _searched(probe, reference, kind, donor, down=True)
            for (probe, reference), donor in zip(mated, donors, strict=True)
        ]
        rows += _rows(f"match, {kind}", [one for one in done if one is not None], notes)
    other = _sides(lfw_pairs(data, mated=False, n=n))
    done = [_searched(probe, ref, "copy", ref, down=False) for probe, ref in other]
    rows += _rows("no match, copy", [one for one in done if one is not None], notes)
    return rows, notes


def _sides(pairs: list[tuple[Path, Path]]) -> list[tuple[_Side, _Side]]:
    chosen = analyzer(("embed",))
    sides = []
    for pair in pairs:
        images = [chosen.read(path) for path in pair]
        analyses = chosen.run(images)
        try:
            rows = [one_face(one, choose="central") for one in analyses]
        except MienError:
            continue
        probe, reference = (_Side(*side) for side in zip(images, analyses, rows, strict=True))
        sides.append((probe, reference))
    return sides


def _searched(
    probe: _Side, reference: _Side, kind: str, donor: _Side, *, down: bool
) -> tuple[Flip, int | None, bool | None] | None:
    """Return the search, how many regions a random order takes, and whether fewer would do."""
    options = analyzer(("embed",)).options
    template = one_template(reference.analysis, choose="central")
    point = operating_point(get_spec(options.embedder), template.model_id, fmr=1e-3)
    case = match_case(
        *(probe.image, probe.analysis, probe.row, template), options=options, mirror=True
    )
    if (float(case.score(case.crop[None])[0]) >= point.threshold) != down:
        return None
    crop, mesh = _aligned(donor)
    _, ours = _aligned(probe)
    try:
        edits = alternatives(case.crop, case.labels, kind, mesh=ours, donor=Donor(crop, mesh))
    except MienError:
        return None
    found = flip(case, edits, threshold=point.threshold)

    def flipped(sets: list[tuple[int, ...]]) -> np.ndarray:
        chosen = np.zeros((len(sets), len(edits.regions)), bool)
        for place, members in enumerate(sets):
            chosen[place, list(members)] = True
        scores = case.score(edits.composed(case.crop, chosen))
        return (scores >= point.threshold) != down

    return found, _at_random(edits, flipped), _fewer(found, edits, flipped)


def _aligned(side: _Side) -> tuple[np.ndarray, FloatArray]:
    face = aligned(side.image, side.analysis, side.row, options=analyzer(("embed",)).options)
    mesh = one_mesh(side.analysis, side.row)
    return face.crop, transform_points(invert(face.to_image[None]), mesh[None])[0]


def _at_random(edits: Alternatives, flipped) -> int | None:
    order = np.random.default_rng(0).permutation(len(edits.regions))
    hits = np.flatnonzero(flipped([tuple(order[: k + 1]) for k in range(len(order))]))
    return int(hits[0]) + 1 if len(hits) else None


_tried: Counter[str] = Counter()


def _fewer(found: Flip, edits: Alternatives, flipped) -> bool | None:
    """Tell whether one or two regions flip what the search took more for; None: not tried."""
    if not found.flipped or len(found.regions) == 1:
        return False if found.flipped else None
    if _tried["sets"] >= _CHECKED * 4:
        return None
    _tried["sets"] += 1
    sizes = range(1, min(3, len(found.regions)))
    places = range(len(edits.regions))
    return any(flipped(list(combinations(places, size))).any() for size in sizes)


def _rows(
    name: str, done: list[tuple[Flip, int | None, bool | None]], notes: list[str]
) -> list[Row]:
    flips = [found for found, _, _ in done if found.flipped]
    at_random = [size for found, size, _ in done if found.flipped and size is not None]
    known = [not fewer for _, _, fewer in done if fewer is not None]
    regions = Counter(region for found in flips for region in found.regions)
    listed = ", ".join(f"{region} {count}" for region, count in regions.most_common(6))
    notes.append(f"{name}: in {len(flips)} flips the regions were {listed}.")
    return [
        share(f"{name}: flipped", [found.flipped for found, _, _ in done]),
        mean(f"{name}: regions", [len(found.regions) for found in flips]),
        mean(f"{name}: regions in random order", at_random, note="of those that flipped"),
        mean(f"{name}: area of the crop", [found.area for found in flips]),
        mean(f"{name}: crops scored", [found.model_calls for found, _, _ in done]),
        share(f"{name}: smallest", known, note="no one or two regions do it"),
    ]
