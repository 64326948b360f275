"""A case: one crop, what scores it, and where it lies in its picture. All that explainers see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mien.errors import InputError
from mien.explain.opened import Opened
from mien.types.arrays import ByteArray, FloatArray, checked

#: Crops (N,h,w,3) uint8 RGB, any N, to one score each (N,) float32; higher speaks more for.
Scorer = Callable[[ByteArray], FloatArray]
#: Crops (N,h,w,3) uint8 RGB, any N, to unit vectors (N,D) float32.
Embedder = Callable[[ByteArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Partner:
    """A face as a comparison is shown it: ``crop``, ``labels`` and place as those of a case.

    That of the other picture is for methods that look at both.
    """

    crop: ByteArray
    labels: ByteArray
    to_image: FloatArray
    image_size_wh: tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What is to be explained.

    ``crop (h,w,3) uint8 RGB``: as the model wants it aligned; ``labels (h,w) uint8``: the region
    of each pixel, an index into ``regions``; ``to_image (2,3)``: continuous crop coordinates to
    those of the picture; ``score``: what the model says of altered crops. ``target``: what is
    scored ("match", "apparent_age", ...); ``threshold``: of the decision, where there is one.

    ``threads``: how many batches may be scored at once, from as many threads; ``fill``: what a
    hidden part looks like, a name in ``masking.FILLS``, ``None`` for the method's own choice;
    ``notes``: what a reader must know of the score. Of a comparison: ``embed``, what makes
    templates of crops, and ``direction (D,)``, whose product with a template is the score;
    ``partner`` where its other picture may be seen.
    ``inside``: the same model in torch, or what opens it, for methods that look inside
    (``opened.with_model``).
    """

    crop: ByteArray
    labels: ByteArray
    regions: tuple[str, ...]
    to_image: FloatArray
    image_size_wh: tuple[int, int]
    score: Scorer
    target: str
    model_id: str
    threshold: float | None = None
    threads: int = 1
    fill: str | None = None
    notes: tuple[str, ...] = field(default=())
    embed: Embedder | None = None
    partner: Partner | None = None
    direction: FloatArray | None = None
    inside: Opened | Callable[[], Opened] | None = None

    def __post_init__(self) -> None:
        """Check shapes, and make the arrays read-only."""
        crop = checked("crop", self.crop, ("h", "w", 3), dtype="uint8")
        labels = checked("labels", self.labels, crop.shape[:2], dtype="uint8")
        object.__setattr__(self, "crop", crop)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "to_image", checked("to_image", self.to_image, (2, 3)))
        if labels.size and int(labels.max()) >= len(self.regions):
            raise InputError(
                f"labels: got region {int(labels.max())}, expected less than {len(self.regions)}"
            )
