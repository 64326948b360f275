"""Array aliases, and the one check that every array field goes through."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from mien.errors import ArrayError

Array = npt.NDArray[Any]
BoolArray = npt.NDArray[np.bool_]
#: Fields of types are float32; functions may compute in float64.
FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]
Index = slice | BoolArray | IntArray | list[int]


def checked(
    name: str,
    values: object,
    shape: tuple[int | str, ...],
    *,
    dtype: npt.DTypeLike = np.float32,
    finite: bool = True,
) -> Array:
    """Return ``values`` as a read-only array of ``dtype``, or say what is wrong with it.

    ``shape`` holds sizes; a string stands for any size. The data are not copied when they fit.
    Raises ArrayError with the shape and dtype that were got and expected.
    """
    try:
        array = np.asarray(values, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise ArrayError(f"{name}: cannot be read as {np.dtype(dtype)}: {error}") from error
    if not _fits(array.shape, shape):
        wanted = "(" + ", ".join(str(size) for size in shape) + ")"
        raise ArrayError(f"{name}: got shape {array.shape}, expected {wanted}")
    if finite and array.dtype.kind == "f" and not _all_finite(array):
        raise ArrayError(f"{name}: holds NaN or infinity, expected finite numbers")
    view = array.view()
    view.flags.writeable = False
    return view


def _fits(got: tuple[int, ...], wanted: tuple[int | str, ...]) -> bool:
    if len(got) != len(wanted):
        return False
    for have, want in zip(got, wanted, strict=True):
        if have != want and want.__class__ is int:
            return False
    return True


def _all_finite(array: Array) -> bool:
    # One NaN or infinity makes the sum so: cheaper than looking at each. A sum may overflow.
    return math.isfinite(np.add.reduce(array, axis=None)) or bool(np.isfinite(array).all())


def same_length(owner: str, **lengths: int) -> None:
    """Raise ArrayError unless all columns have the same number of rows."""
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ArrayError(f"{owner}: columns differ in length: {listed}")
