"""How far eyes and mouth are open, measured on the face mesh."""

from __future__ import annotations

import numpy as np

from mien.types.arrays import Array, FloatArray

#: Vertices of the upper and the lower lid that lie over each other, right eye and left eye.
_RIGHT_LIDS = ((160, 159, 158), (144, 145, 153))
_LEFT_LIDS = ((387, 386, 385), (373, 374, 380))
#: Inner edge of the upper and of the lower lip.
_LIPS = ((82, 13, 312), (87, 14, 317))
_EYE_CORNERS = (33, 133, 263, 362)
_CHIN = 152


def eye_opening(mesh: FloatArray) -> Array:
    """Return the largest gap between the lids of the right and the left eye (N,2), over T.

    ``mesh (N,468+,2|3)`` px; T as in ``face_height``. About .07 for open eyes (ISO/IEC 29794-5,
    eyes open).
    """
    return np.stack([_gap(mesh, *_RIGHT_LIDS), _gap(mesh, *_LEFT_LIDS)], axis=1)


def mouth_opening(mesh: FloatArray) -> Array:
    """Return the largest gap between the lips (N,), over T (ISO/IEC 29794-5, mouth closed)."""
    return _gap(mesh, *_LIPS)


def face_height(mesh: FloatArray) -> Array:
    """Return T (N,) px: from the middle between the eyes to the chin (ISO/IEC 39794-5)."""
    middle = mesh[:, list(_EYE_CORNERS), :2].mean(axis=1)
    height: Array = np.linalg.norm(mesh[:, _CHIN, :2] - middle, axis=1)
    return height


def _gap(mesh: FloatArray, upper: tuple[int, ...], lower: tuple[int, ...]) -> Array:
    between = np.linalg.norm(mesh[:, list(upper), :2] - mesh[:, list(lower), :2], axis=2)
    gap: Array = between.max(axis=1) / np.maximum(face_height(mesh), 1e-6)
    return gap
