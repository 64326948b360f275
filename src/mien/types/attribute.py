"""What a model says about each face (or about the picture): one column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mien.errors import ArrayError
from mien.types.arrays import Array, FloatArray, Index, checked, same_length

AttributeKind = Literal["probability", "scalar", "label", "map"]


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One column of results with what is needed to read it.

    ``values``: (N,) or (N,L) scalars; (N,L) probabilities over ``labels``; (N,) integer labels;
    (N,H,W) maps. ``unit`` of scalars ("deg", "years", "0-100"; with L labels one for all).
    ``spread (N,)``: one standard deviation of a scalar, where the model knows it.
    NaN is allowed in scalars and means: not measurable on this face.
    """

    values: Array
    kind: AttributeKind
    model_id: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    spread: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check that values, labels and kind fit each other."""
        values = np.asarray(self.values)
        ndim = {"probability": 2, "label": 1, "map": 3}.get(self.kind, 2 if self.labels else 1)
        if values.ndim != ndim:
            raise ArrayError(
                f"Attribute.values: got shape {values.shape} for kind {self.kind!r} with "
                f"{len(self.labels)} labels, expected {ndim} dimensions"
            )
        if ndim == 2 and values.shape[1] != len(self.labels):
            raise ArrayError(
                f"Attribute.values: got {values.shape[1]} columns for {len(self.labels)} labels"
            )
        shape = tuple(str(size) for size in values.shape)
        dtype = values.dtype if self.kind in ("label", "map") else np.float32
        array = checked("Attribute.values", values, shape, dtype=dtype, finite=False)
        object.__setattr__(self, "values", array)
        if self.spread is not None:
            spread = checked("Attribute.spread", self.spread, ("N",), finite=False)
            same_length("Attribute", values=len(array), spread=len(spread))
            object.__setattr__(self, "spread", spread)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    def __getitem__(self, index: Index) -> Attribute:
        """Return the chosen rows."""
        spread = None if self.spread is None else self.spread[index]
        return Attribute(
            self.values[index], self.kind, self.model_id, self.labels, self.unit, spread
        )

    def row(self, index: int) -> dict[str, Any]:
        """Return one row as plain Python values, as it stands in JSON; NaN becomes ``None``."""
        value = self.values[index]
        if self.kind == "probability":
            best = self.labels[int(np.argmax(value))]
            return {
                "label": best,
                "probabilities": dict(zip(self.labels, _plain(value), strict=True)),
            }
        if self.kind == "label":
            return {"label": self.labels[int(value)] if self.labels else int(value)}
        if self.kind == "map":
            return {"shape": list(value.shape)}
        if self.labels:
            return dict(zip(self.labels, _plain(value), strict=True))
        row = {"value": _plain(value)}
        if self.spread is not None:
            row["spread"] = _plain(self.spread[index])
        return row


def _plain(value: Array) -> Any:
    """Round to four decimals and turn NaN into None."""
    if np.ndim(value):
        return [_plain(item) for item in value]
    return None if np.isnan(value) else round(float(value), 4)
