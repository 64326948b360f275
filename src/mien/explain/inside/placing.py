"""From what a network's map says to what a finding says: the crop's pixels, and its regions."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from mien.errors import InputError
from mien.explain.case import Case
from mien.explain.explainer import Finding
from mien.explain.inside.watching import Frame, Trace
from mien.types.arrays import FloatArray

#: Class activation maps read the deepest map of at least so many units a side: with fewer, a unit
#: is larger than an eye.
SMALLEST_SIDE = 7


def map_layer(trace: Trace) -> tuple[Tensor, Frame]:
    """Return the map (N,C,m,n) that was asked for, else the deepest with enough units, placed.

    Raises InputError where there is none.
    """
    if trace.named is None:
        index = deepest_map(trace)
        return trace.activations[index], frame_of(
            trace.activations[index], trace.frames[index], trace
        )
    if trace.named.ndim != 4:
        raise InputError(f"layer: got {tuple(trace.named.shape)}, expected a map (N,C,m,n)")
    return trace.named, frame_of(trace.named, getattr(trace.named, "frame", None), trace)


def deepest_map(trace: Trace, *, smallest_side: int = SMALLEST_SIDE) -> int:
    """Return the index of the last activation (N,C,m,n) of at least so many units a side.

    Raises InputError where there is none.
    """
    for index in reversed(range(len(trace.activations))):
        shape = trace.activations[index].shape
        if len(shape) == 4 and min(shape[2:]) >= smallest_side:
            return index
    raise InputError(
        f"module: got no activation (N,C,m,n) of at least {smallest_side} units a side, expected "
        "a convolutional network; name another layer with Opened(layer=...)"
    )


def frame_of(layer: Tensor, frame: Frame | None, trace: Trace) -> Frame:
    """Return the frame of a layer's map; one of unknown origin covers the crop evenly."""
    return stretched(trace.images.shape[2:], layer.shape[2:]) if frame is None else frame


def stretched(size_hw: tuple[int, ...], units: tuple[int, ...]) -> Frame:
    """Return the frame of a map (m,n) of unknown origin, that covers a crop (h,w) evenly."""
    down, across = (size / count for size, count in zip(size_hw, units, strict=True))
    return Frame(((down - 1) / 2, (across - 1) / 2), (down, across))


def on_crop(units: FloatArray, frame: Frame, size_wh: tuple[int, int]) -> FloatArray:
    """Return a map (m,n) as (h,w) float32 over the crop, with the same sum.

    Units lie at their receptive fields' centres; between them linear, beyond the last one its own.
    Each unit's value is shared out among the pixels that it stands for.
    """
    down, across = (
        _shares_of_pixels(units.shape[axis], frame.start_px[axis], frame.step_px[axis], pixels)
        for axis, pixels in ((0, size_wh[1]), (1, size_wh[0]))
    )
    return np.asarray(down @ units @ across.T, np.float32)


def _shares_of_pixels(count: int, start: float, step: float, pixels: int) -> FloatArray:
    """Return what each of ``count`` units gives to each pixel of a line: (pixels, count)."""
    centres = start + step * np.arange(count)
    near = np.stack([np.interp(np.arange(pixels), centres, unit) for unit in np.eye(count)], axis=1)
    return np.asarray(near / np.maximum(near.sum(axis=0), 1e-9))


def finding(
    case: Case,
    signed: FloatArray,
    *,
    calls: int,
    shares: bool = False,
    notes: tuple[str, ...] = (),
) -> Finding:
    """Return what a map (h,w) over the crop says; regions carry the sum of their pixels.

    ``shares``: the map has no unit of its own; regions share out the score in its proportions.
    """
    base = float(case.score(case.crop[None])[0])
    signed = np.nan_to_num(np.asarray(signed, np.float32))
    if shares:
        total = float(np.abs(signed).sum())
        signed = signed * np.float32(abs(base) / total) if total > 0 else signed
        notes = (*notes, "region scores are shares of the attention, times the score")
    sums = np.bincount(case.labels.ravel(), weights=signed.ravel(), minlength=len(case.regions))
    return Finding(base, signed, sums.astype(np.float32), calls + 1, notes=notes)
