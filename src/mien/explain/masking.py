"""Hide parts of a crop, in batches: what is hidden fades into a crop that says little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from types import MappingProxyType

import cv2
import numpy as np

from mien.errors import InputError
from mien.explain.case import Case, Scorer
from mien.types.arrays import Array, ByteArray, FloatArray

#: Crops made and scored at once by one thread: the recogniser's batch.
BATCH = 16
#: Standard deviations in shares of the crop's side: of the blurred crop, and of the edges between
#: what is kept and what is hidden, which must not look like edges of a face.
_BLUR, _EDGE = 0.1, 0.012
#: Of what is measured pixel by pixel: 1.5 px of a crop of 150.
_FINE = 0.01


def _blurred(crop: ByteArray) -> ByteArray:
    sigma = _BLUR * max(crop.shape[:2])
    edge = cv2.BORDER_REPLICATE
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma, borderType=edge), np.uint8)


def _mean_colour(crop: ByteArray) -> ByteArray:
    mean = np.round(crop.reshape(-1, 3).mean(axis=0)).astype(np.uint8)
    filled: ByteArray = np.full_like(crop, mean)
    return filled


def _noise(crop: ByteArray) -> ByteArray:
    """Pixels with the crop's mean and deviation; always the same ones, as the fill is no draw."""
    pixels = crop.reshape(-1, 3)
    drawn = np.random.default_rng(0).normal(size=crop.shape) * pixels.std(axis=0)
    return np.asarray(np.clip(drawn + pixels.mean(axis=0), 0, 255).round(), np.uint8)


#: What a crop looks like with everything hidden, by name.
FILLS: Mapping[str, Callable[[ByteArray], ByteArray]] = MappingProxyType(
    {"blur": _blurred, "mean": _mean_colour, "noise": _noise}
)


#: What hidden parts look like where neither the case nor the method chooses.
FILL = "blur"


def hidden_crop(crop: ByteArray, fill: str | None) -> ByteArray:
    """Return the crop with everything hidden. Raises InputError for a fill that is not known."""
    fill = FILL if fill is None else fill
    if fill not in FILLS:
        raise InputError(f"fill: got {fill!r}, expected one of {', '.join(FILLS)}")
    return FILLS[fill](crop)


def detail(crop: ByteArray) -> FloatArray:
    """Return how much each pixel (h,w) of a crop changes when it is blurred, in grey levels.

    Smoothed over a few pixels, and 1 more, so that no pixel counts for nothing.
    """
    change = np.abs(crop.astype(np.float32) - _blurred(crop)).mean(axis=2)
    smooth = cv2.GaussianBlur(change, (0, 0), _FINE * max(crop.shape[:2]))
    return np.asarray(smooth + 1, np.float32)


class Masks:
    """Makes and scores crops of a case of which parts are hidden; counts what was scored.

    At most ``budget`` crops are scored: asking for more is an error of the method that asks.
    """

    def __init__(self, case: Case, budget: int) -> None:
        self.case = case
        self.budget = budget
        self.calls = 0
        self.hidden = hidden_crop(case.crop, case.fill)

    @property
    def left(self) -> int:
        """How many crops may still be scored."""
        return self.budget - self.calls

    def present(self) -> Array:
        """Return the regions (P,) int that have a pixel in the crop: no other can matter."""
        return np.flatnonzero(np.bincount(self.case.labels.ravel()))

    def score_regions(self, kept: Array, *, fills: Sequence[str] = ()) -> FloatArray:
        """Return the scores (N,) of crops that show the regions ``kept (N,R)`` bool, no other.

        ``fills``: of each crop what hides the others, where that is not the same for all.
        """
        crop, labels = self.case.crop, self.case.labels
        known = {fill: hidden_crop(crop, fill) for fill in dict.fromkeys(fills)}
        hidden = [known[fill] for fill in fills] if fills else self.hidden
        return self._scores(len(kept), shown_regions(crop, hidden, labels, kept))

    def embed_regions(self, kept: Array) -> FloatArray:
        """Return the unit vectors (N,D) of crops that show the regions ``kept (N,R)`` bool."""
        if self.case.embed is None:
            raise InputError("embed: the case has no embedding, only scores")
        crops = shown_regions(self.case.crop, self.hidden, self.case.labels, kept)
        return self._run(self.case.embed, len(kept), crops)

    def score_pixels(self, shown: FloatArray) -> FloatArray:
        """Return the scores (N,) of crops that show each pixel as far as ``shown (N,h,w)`` 0..1."""
        crop, hidden = self.case.crop, self.hidden
        return self._scores(len(shown), lambda rows: blended(crop, hidden, shown[rows]))

    def score_crops(self, crops: ByteArray) -> FloatArray:
        """Return the scores (N,) of crops (N,h,w,3) made elsewhere."""
        return self._scores(len(crops), lambda rows: crops[rows])

    def _scores(self, n: int, crops: Callable[[slice], ByteArray]) -> FloatArray:
        return self._run(self.case.score, n, crops)

    def _run(self, model: Scorer, n: int, crops: Callable[[slice], ByteArray]) -> FloatArray:
        if n > self.left:
            raise InputError(f"budget: {self.calls + n} crops, expected {self.budget} at most")
        self.calls += n
        return in_batches(model, n, crops, threads=self.case.threads)


def blended(
    crop: ByteArray, hidden: ByteArray | Sequence[ByteArray], shown: Iterable[FloatArray]
) -> ByteArray:
    """Return crops (N,h,w,3) uint8 that show pixels as far as each of ``shown (h,w|h*w)`` 0..1.

    ``hidden``: what the rest looks like, one for all or one each.
    """
    made = []
    behind = repeat(hidden) if isinstance(hidden, np.ndarray) else hidden
    for share, under in zip(shown, behind, strict=False):
        share = np.clip(share, 0, 1, dtype=np.float32).reshape(crop.shape[:2])
        made.append(cv2.blendLinear(crop, under, share, 1 - share))
    return np.stack(made) if made else np.zeros((0, *crop.shape), np.uint8)


def shown_regions(
    crop: ByteArray, hidden: ByteArray | Sequence[ByteArray], labels: ByteArray, kept: Array
) -> Callable[[slice], ByteArray]:
    """Return what makes crops that show the regions ``kept (N,R)`` bool, for a slice of the N.

    ``hidden``: as in ``blended``.
    """
    areas = soft_areas(labels, kept.shape[1])

    def crops(rows: slice) -> ByteArray:
        under = hidden if isinstance(hidden, np.ndarray) else hidden[rows]
        return blended(crop, under, (one @ areas for one in kept[rows].astype(np.float32)))

    return crops


def soft_areas(labels: ByteArray, n: int) -> FloatArray:
    """Return how far each pixel belongs to each of ``n`` regions: (n,h*w) float32, in sum 1."""
    sigma = _EDGE * max(labels.shape)
    soft = [
        cv2.GaussianBlur((labels == region).astype(np.float32), (0, 0), sigma)
        for region in range(n)
    ]
    return np.stack(soft).reshape(n, -1)


def in_batches(
    score: Scorer, n: int, crops: Callable[[slice], ByteArray], *, threads: int
) -> Array:
    """Return ``score`` of ``n`` crops, made and scored batch by batch, ``threads`` at once.

    While one thread makes its crops, another scores; the batches do not depend on who is first.
    """

    def one(rows: slice) -> FloatArray:
        return score(crops(rows))

    parts = list(_batches(n, threads))
    if len(parts) < 2 or threads == 1:
        done = [one(rows) for rows in parts]
    else:
        with ThreadPoolExecutor(threads, thread_name_prefix="mien-explain") as pool:
            done = list(pool.map(one, parts))
    return np.concatenate(done) if done else score(crops(slice(0, 0)))


def _batches(n: int, threads: int) -> Iterator[slice]:
    size = min(BATCH, max(1, -(-n // threads)))
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
