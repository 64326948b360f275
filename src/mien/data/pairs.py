"""The comparisons of a verification protocol, columnar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.types.arrays import Array, BoolArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """``first``, ``second (P,)`` sample ids (str), ``mated (P,) bool``, ``fold (P,) int64``.

    Folds count from 0; a protocol without folds has all pairs in fold 0.
    """

    first: Array
    second: Array
    mated: BoolArray
    fold: IntArray

    def __post_init__(self) -> None:
        """Check lengths and kinds."""
        for name, dtype in (("first", str), ("second", str), ("mated", bool), ("fold", np.int64)):
            column = checked(f"Pairs.{name}", getattr(self, name), ("P",), dtype=dtype)
            object.__setattr__(self, name, column)
        same_length("Pairs", **{name: len(getattr(self, name)) for name in self.__slots__})

    def __len__(self) -> int:
        """Return the number of comparisons."""
        return len(self.mated)

    def __getitem__(self, index: BoolArray | slice) -> Pairs:
        """Return the chosen comparisons."""
        return Pairs(self.first[index], self.second[index], self.mated[index], self.fold[index])

    def sample_ids(self) -> list[str]:
        """Return every sample that is compared, once, sorted."""
        return [str(name) for name in np.union1d(self.first, self.second)]
