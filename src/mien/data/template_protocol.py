"""The columns of a protocol that compares templates of several pictures, as IJB's do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mien.types.arrays import Array, BoolArray, IntArray, checked, same_length


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """One row a picture of a template.

    ``sample_id (M,) str``, ``template_id, media_id (M,) int64``.
    Pictures of one medium (frames of one video) are averaged before the media of a template are.
    """

    sample_id: Array
    template_id: IntArray
    media_id: IntArray

    def __post_init__(self) -> None:
        """Check lengths and kinds."""
        _check_columns(self, sample_id=str, template_id=np.int64, media_id=np.int64)

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.sample_id)


@dataclass(frozen=True, slots=True, eq=False)
class TemplatePairs:
    """Comparisons: ``first, second (P,) int64`` template ids, ``mated (P,) bool``."""

    first: IntArray
    second: IntArray
    mated: BoolArray

    def __post_init__(self) -> None:
        """Check lengths and kinds."""
        _check_columns(self, first=np.int64, second=np.int64, mated=bool)

    def __len__(self) -> int:
        """Return the number of comparisons."""
        return len(self.mated)


@dataclass(frozen=True, slots=True, eq=False)
class TemplateList:
    """``template_id (T,) int64``, each once, and whose they are: ``subject_id (T,) str``."""

    template_id: IntArray
    subject_id: Array

    def __post_init__(self) -> None:
        """Check lengths and kinds."""
        _check_columns(self, template_id=np.int64, subject_id=str)

    def __len__(self) -> int:
        """Return the number of templates."""
        return len(self.template_id)


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """A 1:N protocol: each of the ``probes`` is searched in each of the ``galleries`` by name.

    The subjects of different galleries differ, so that probes of one are non-mated in the others.
    """

    galleries: Mapping[str, TemplateList]
    probes: TemplateList


def _check_columns(owner: object, **dtypes: type) -> None:
    name = type(owner).__name__
    for column, dtype in dtypes.items():
        values = checked(f"{name}.{column}", getattr(owner, column), ("N",), dtype=dtype)
        object.__setattr__(owner, column, values)
    same_length(name, **{column: len(getattr(owner, column)) for column in dtypes})
