"""From what a network's map says to what a finding says: the crop's pixels, and its regions."""

from __future__ import annotations

import cv2
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
    if trace.named is not None:
        if trace.named.ndim != 4:
            raise InputError(f"layer: got {tuple(trace.named.shape)}, expected a map (N,C,m,n)")
        return trace.named, _frame_of(trace.named, getattr(trace.named, "frame", None), trace)
    for tensor, frame in zip(reversed(trace.activations), reversed(trace.frames), strict=True):
        if tensor.ndim == 4 and min(tensor.shape[2:]) >= SMALLEST_SIDE:
            return tensor, _frame_of(tensor, frame, trace)
    raise InputError(
        f"module: got no activation (N,C,m,n) of at least {SMALLEST_SIDE} units a side, expected "
        "a convolutional network; name another layer with Opened(layer=...)"
    )


def _frame_of(layer: Tensor, frame: Frame | None, trace: Trace) -> Frame:
    return stretched(trace.images.shape[2:], layer.shape[2:]) if frame is None else frame


def stretched(size_hw: tuple[int, ...], units: tuple[int, ...]) -> Frame:
    """Return the frame of a map (m,n) of unknown origin, that covers a crop (h,w) evenly."""
    down, across = (size / count for size, count in zip(size_hw, units, strict=True))
    return Frame(((down - 1) / 2, (across - 1) / 2), (down, across))


def on_crop(units: FloatArray, frame: Frame, size_wh: tuple[int, int]) -> FloatArray:
    """Return a map (m,n) as (h,w) float32 over the crop, its sum kept away from the borders.

    Units lie at their receptive fields' centres; between them linear, beyond them constant.
    """
    (start_y, start_x), (step_y, step_x) = frame.start_px, frame.step_px
    if (step_y, step_x) == (1.0, 1.0) and units.shape == size_wh[::-1]:
        return units.astype(np.float32)
    to_crop = np.array([[step_x, 0, start_x], [0, step_y, start_y]])
    warped = cv2.warpAffine(
        units.astype(np.float32),
        to_crop,
        size_wh,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(warped / (step_x * step_y), np.float32)


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
