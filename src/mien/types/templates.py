"""Face templates: unit vectors, and the model that made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mien.errors import ArrayError, TemplateMismatchError
from mien.types.arrays import FloatArray, Index, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """``vectors (N,D) float32`` of unit L2 length, ``norm (N,)`` before normalising.

    ``model_id`` is name@hash over weights, preprocessing, alignment and mirroring: templates are
    comparable only when it is the same. ``quality (N,)`` 0..100, or ``None``.
    """

    vectors: FloatArray
    norm: FloatArray
    model_id: str
    quality: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check shapes and unit length."""
        vectors = checked("Templates.vectors", self.vectors, ("N", "D"))
        lengths = np.linalg.norm(vectors, axis=1)
        if len(vectors) and np.abs(lengths - 1).max() > 1e-3:
            raise ArrayError(
                f"Templates.vectors: got lengths {lengths.min():.4f} to {lengths.max():.4f}, "
                "expected unit vectors; Templates.from_raw normalises"
            )
        norm = checked("Templates.norm", self.norm, ("N",))
        same_length("Templates", vectors=len(vectors), norm=len(norm))
        object.__setattr__(self, "vectors", vectors)
        object.__setattr__(self, "norm", norm)
        if self.quality is not None:
            quality = checked("Templates.quality", self.quality, ("N",))
            same_length("Templates", vectors=len(vectors), quality=len(quality))
            object.__setattr__(self, "quality", quality)

    @classmethod
    def from_raw(cls, raw: FloatArray, model_id: str) -> Templates:
        """Normalise the raw outputs (N,D) of a network.

        Raises ArrayError where a vector is zero or not finite: it has no direction.
        """
        raw = checked("embedding", raw, ("N", "D"))
        norm = np.linalg.norm(raw, axis=1)
        if len(norm) and norm.min() <= 0:
            raise ArrayError("embedding: got a zero vector, which has no direction")
        return cls(raw / norm[:, None], norm, model_id)

    @classmethod
    def concatenate(cls, parts: Sequence[Templates]) -> Templates:
        """Join templates of one model; quality is kept only when every part has it."""
        if not parts:
            raise ArrayError("Templates.concatenate: got no parts, expected at least one")
        for part in parts[1:]:
            parts[0].require_same_model(part)
        columns = [part.quality for part in parts]
        known = [column for column in columns if column is not None]
        return cls(
            np.concatenate([part.vectors for part in parts]),
            np.concatenate([part.norm for part in parts]),
            parts[0].model_id,
            np.concatenate(known) if len(known) == len(parts) else None,
        )

    def __len__(self) -> int:
        """Return the number of templates."""
        return len(self.vectors)

    def __getitem__(self, index: Index) -> Templates:
        """Return the chosen rows."""
        quality = None if self.quality is None else self.quality[index]
        return Templates(self.vectors[index], self.norm[index], self.model_id, quality)

    @property
    def dimension(self) -> int:
        """Number of components D."""
        return int(self.vectors.shape[1])

    def require_same_model(self, other: Templates) -> None:
        """Raise TemplateMismatchError unless both come from the same model."""
        if self.model_id != other.model_id:
            raise TemplateMismatchError(
                f"templates of {self.model_id} and {other.model_id} cannot be compared; "
                "embed both pictures with one model"
            )
