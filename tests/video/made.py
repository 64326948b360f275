"""Series that tests make up: what a face did, without pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from mien.geometry.canonical import canonical_face
from mien.video.series import FaceSeries

SIZE_WH = (640, 480)
#: Width in px of the made-up face; upper and lower lid and lip vertices that open and close.
WIDTH_PX = 120
_LIDS = (((160, 158), (144, 153)), ((387, 385), (373, 380)))
_LIP = (87, 14, 317)


def face_mesh(
    *, lids: float = 0, jaw: float = 0, centre_px: tuple[float, float] = (320, 240)
) -> np.ndarray:
    """The canonical face (478,3) px, WIDTH_PX wide; lids 1 closed, jaw in heights of the face."""
    mesh = np.zeros((478, 3))
    mesh[:468] = canonical_face()[:, :3]
    mesh[468:] = mesh[[159] * 5 + [386] * 5]
    mesh *= WIDTH_PX / np.ptp(mesh[:468, 0])
    for upper, lower in _LIDS:
        mesh[list(upper)] += lids * (mesh[list(lower)] - mesh[list(upper)])
    mesh[list(_LIP), 1] += jaw * np.ptp(mesh[:468, 1])
    mesh[:, :2] += centre_px
    return mesh


def made_series(
    times_s: Any, *, face_id: str = "a", seen: Any = None, size_wh: Any = SIZE_WH, **columns: Any
) -> FaceSeries:
    """A series whose box is there where it was seen (default: always)."""
    times = np.asarray(times_s, np.float64)
    seen = np.ones(len(times), bool) if seen is None else np.asarray(seen)
    box = np.where(seen[:, None], np.array([[260, 180, 380, 300]], np.float32), np.nan)
    hidden = {
        name: np.where(
            seen.reshape(-1, *(1,) * (np.ndim(v) - 1)), np.asarray(v, np.float32), np.nan
        )
        for name, v in columns.items()
        if not name.endswith("labels")
    }
    labels = {name: v for name, v in columns.items() if name.endswith("labels")}
    return FaceSeries(face_id, size_wh, times, box, **hidden, **labels)
