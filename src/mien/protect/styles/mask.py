"""Mask: a drawn face that is nobody's, the canonical face turned as the head was, on grey.

Cosmetic until it was measured: how large, where and how turned a head was may tell something.
"""

from __future__ import annotations

import numpy as np

from mien.geometry.canonical import canonical_face
from mien.geometry.regions import REGIONS, region_mask
from mien.protect.head import Head
from mien.protect.style import Style, register
from mien.protect.styles.solid import GREY
from mien.types.arrays import ByteArray, FloatArray

#: Grey of each region of the drawn face.
_GREYS = {
    **{"background": GREY, "skin": 200, "left_brow": 90, "right_brow": 90},
    **{"left_eye": 60, "right_eye": 60, "nose": 180, "upper_lip": 120, "lower_lip": 130},
    "inner_mouth": 70,
}
#: The rectangle over a head is this many eye distances wide at least: the face is drawn to it.
_WIDTH, _EYES_DOWN = 2.9, 0.5


def _fill(patch: ByteArray, head: Head, strength: float) -> ByteArray:
    palette = np.array([_GREYS[name] for name in REGIONS], np.uint8)
    labels = region_mask(drawn_mesh(head)[None], (patch.shape[1], patch.shape[0]))
    return np.repeat(palette[labels][:, :, None], 3, axis=2)


def drawn_mesh(head: Head) -> FloatArray:
    """Return where the canonical face (468,2) px lies: placed by the rectangle, turned as the head.

    Nothing of the person's own mesh is in it but how large, where and how turned the head is.
    """
    centre = head.corners.mean(axis=0)
    across = head.corners[1] - head.corners[0]
    scale = float(np.linalg.norm(across)) / _WIDTH
    turned = canonical_face()[:, :3] @ head.rotation.T
    middle = (turned[:, :2].min(axis=0) + turned[:, :2].max(axis=0)) / 2
    placed: FloatArray = (turned[:, :2] - middle) * min(scale, head.eye_px) + centre
    return placed.astype(np.float32)


MASK = register(Style("mask", "the drawn face of nobody, turned as the head was", True, _fill))
