"""How well tracks found agree with tracks known: MOTA, identity switches, fragments, IDF1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from mien.metrics.assignment import best_pairs
from mien.metrics.detection import overlaps
from mien.metrics.estimate import Estimate, unknown
from mien.types.arrays import Array, FloatArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """N boxes: ``frame (N,)``, ``identity (N,)`` int64, ``boxes_xyxy (N,4)`` px, in any order.

    An identity is there at most once a frame.
    """

    frame: IntArray
    identity: IntArray
    boxes_xyxy: FloatArray

    def __post_init__(self) -> None:
        """Check the columns."""
        frame = checked("Sightings.frame", self.frame, ("N",), dtype=np.int64)
        identity = checked("Sightings.identity", self.identity, ("N",), dtype=np.int64)
        boxes = checked("Sightings.boxes_xyxy", self.boxes_xyxy, ("N", 4), dtype=np.float64)
        same_length("Sightings", frame=len(frame), identity=len(identity), boxes=len(boxes))
        order = np.lexsort((identity, frame))
        for name, column in (("frame", frame), ("identity", identity), ("boxes_xyxy", boxes)):
            object.__setattr__(self, name, column[order])

    def __len__(self) -> int:
        """Return the number of boxes."""
        return len(self.frame)


@dataclass(frozen=True, slots=True)
class TrackingCounts:
    """What is counted over ``frames`` of one video or of several: counts add up.

    ``truth``, ``found``: boxes; ``missed``, ``false``: those without a partner; ``switches``,
    ``fragments``; ``id_matches``: boxes that agree under the best assignment of identities.
    """

    frames: int = 0
    truth: int = 0
    found: int = 0
    missed: int = 0
    false: int = 0
    switches: int = 0
    fragments: int = 0
    id_matches: int = 0

    def __add__(self, other: TrackingCounts) -> TrackingCounts:
        """Return the counts over both."""
        return TrackingCounts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def mota(self) -> float:
        """1 - (missed + false + switches) / truth; NaN without truth."""
        wrong = self.missed + self.false + self.switches
        return 1 - wrong / self.truth if self.truth else math.nan

    @property
    def idf1(self) -> float:
        """2 id_matches / (truth + found); NaN where neither is there."""
        total = self.truth + self.found
        return 2 * self.id_matches / total if total else math.nan


def tracking_counts(truth: Sightings, found: Sightings, *, min_iou: float = 0.5) -> TrackingCounts:
    """Return the counts of one video.

    CLEAR MOT: a box found is of a box known iff IoU >= ``min_iou``; a pair of the frame before
    stays while that holds, others are assigned by the greatest sum of IoU. A switch: an identity
    known is paired with another one found than when it last was. A fragment: it is paired again
    after boxes of it that were not. IDF1: identities are assigned one to one so that most boxes
    agree. Rule: IoU >= min_iou. Ties: of equally good assignments one, always the same. Empty:
    counts are 0, MOTA and IDF1 NaN. Source: Bernardin & Stiefelhagen (2008); Ristani et al. (2016).
    """
    frames = np.union1d(truth.frame, found.frame)
    last: dict[int, int] = {}
    lapsed: set[int] = set()
    before: dict[int, int] = {}
    pairs = switches = fragments = 0
    common: dict[tuple[int, int], int] = {}
    for frame in frames:
        known, seen = _at(truth, frame), _at(found, frame)
        overlap = overlaps(known.boxes_xyxy, seen.boxes_xyxy)
        for row, column in np.argwhere(overlap >= min_iou):
            key = int(known.identity[row]), int(seen.identity[column])
            common[key] = common.get(key, 0) + 1
        before = _paired(known.identity.tolist(), seen.identity.tolist(), overlap, before, min_iou)
        pairs += len(before)
        for identity in known.identity.tolist():
            if identity in before:
                switches += last.get(identity, before[identity]) != before[identity]
                fragments += identity in lapsed
                lapsed.discard(identity)
                last[identity] = before[identity]
            elif identity in last:
                lapsed.add(identity)
    n, m = len(truth), len(found)
    agreed = _agreed(common)
    return TrackingCounts(len(frames), n, m, n - pairs, m - pairs, switches, fragments, agreed)


def pooled(
    counts: Sequence[TrackingCounts],
    figure: Callable[[TrackingCounts], float],
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Return a figure of the summed counts of V videos, such as ``lambda c: c.idf1``.

    Its interval is a percentile bootstrap over videos, which share nothing; ``n`` is V. Rule: as of
    the figure. Ties: none. Empty: NaN.
    """
    method = "bootstrap over videos"
    if not counts:
        return unknown(level=level, method=method)
    rows = np.array([astuple(item) for item in counts])
    rng = np.random.default_rng(seed)
    drawn = [
        figure(TrackingCounts(*rows[rng.integers(0, len(rows), len(rows))].sum(axis=0).tolist()))
        for _ in range(resamples)
    ]
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    value = figure(TrackingCounts(*rows.sum(axis=0).tolist()))
    return Estimate(value, float(low), float(high), len(rows), level, method)


def _at(sightings: Sightings, frame: int) -> Sightings:
    low, high = np.searchsorted(sightings.frame, [frame, frame + 1])
    rows = slice(int(low), int(high))
    return Sightings(sightings.frame[rows], sightings.identity[rows], sightings.boxes_xyxy[rows])


def _paired(
    known: list[int], seen: list[int], overlap: Array, before: dict[int, int], min_iou: float
) -> dict[int, int]:
    """Return the identity found of each identity known that has one in this frame."""
    pairs: dict[int, int] = {}
    allowed = overlap >= min_iou
    for row, identity in enumerate(known):
        if before.get(identity) in seen:
            column = seen.index(before[identity])
            if allowed[row, column]:
                pairs[identity] = seen[column]
                allowed[row], allowed[:, column] = False, False
    for row, column in best_pairs(overlap, allowed):
        pairs[known[row]] = seen[column]
    return pairs


def _agreed(common: dict[tuple[int, int], int]) -> int:
    """Return how many boxes agree under the best one-to-one assignment of identities."""
    if not common:
        return 0
    rows, row = np.unique([key[0] for key in common], return_inverse=True)
    columns, column = np.unique([key[1] for key in common], return_inverse=True)
    table = np.zeros((len(rows), len(columns)))
    table[row, column] = list(common.values())
    share = table / table.max()
    return int(sum(table[pair] for pair in best_pairs(share, np.ones(table.shape, bool))))
