"""One portrait that moves as it is told: meshes that blink, talk and turn, and a pulse in the skin.

The portrait is skimage's astronaut, in the public domain; what moves is rendered, so that the truth
is known. A rendered face is easier than a filmed one: its light never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from skimage.data import astronaut

from mien import Analyzer
from mien.geometry.head_pose import rotation_from_angles
from mien.geometry.mesh_warp import warp_face
from mien.types.arrays import ByteArray, FloatArray

SIDE = 400
_UPPER = ((246, 161, 160, 159, 158, 157, 173), (466, 388, 387, 386, 385, 384, 398))
_LOWER = ((7, 163, 144, 145, 153, 154, 155), (249, 390, 373, 374, 380, 381, 382))
#: Lower lip, inner and outer line, and chin: what goes down with the jaw.
_JAW = (
    *(95, 88, 178, 87, 14, 317, 402, 318, 324, 146, 91, 181, 84, 17, 314, 405, 321, 375),
    *(77, 90, 180, 85, 16, 315, 404, 320, 307, 96, 89, 179, 86, 15, 316, 403, 319, 325),
    *(200, 199, 175, 152, 18, 83, 313, 201, 421, 208, 428, 171, 396, 148, 377),
)


@cache
def portrait() -> tuple[ByteArray, FloatArray]:
    """Return the face (400,400,3) uint8 RGB, 200 px wide, and its mesh (478,3) px."""
    pixels = cv2.resize(astronaut()[20:270, 105:355], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    faces = Analyzer(("detect", "landmarks"), threads=1).analyze(pixels).found
    return pixels, faces.landmarks["mesh478"].points[0].astype(np.float64)


def moved(
    *,
    lids: float = 0,
    jaw: float = 0,
    yaw_deg: float = 0,
    pitch_deg: float = 0,
    shift_px: tuple[float, float] = (0, 0),
) -> ByteArray:
    """Render a frame: lids and jaw in 0..1 (closed; wide open), turned on from the portrait.

    The jaw's 1 is a fifth of the face's height; shifts move the whole picture.
    """
    pixels, mesh = portrait()
    onto = mesh.copy()
    for upper, lower in zip(_UPPER, _LOWER, strict=True):
        onto[list(upper), :2] += lids * (mesh[list(lower), :2] - mesh[list(upper), :2])
    onto[list(_JAW), 1] += jaw * 0.2 * np.ptp(mesh[:, 1])
    if yaw_deg or pitch_deg:
        middle = mesh[:468].mean(axis=0)
        turn = rotation_from_angles(np.array([[yaw_deg, pitch_deg, 0.0]]))[0]
        onto = (onto - middle) @ turn.T + middle
    frame = pixels
    if not np.array_equal(onto, mesh):
        warped, there = warp_face(pixels, mesh, onto, (SIDE, SIDE))
        frame = np.where(there[..., None], warped, pixels)
    if shift_px != (0, 0):
        by = np.array([[1, 0, shift_px[0]], [0, 1, shift_px[1]]], np.float64)
        frame = cv2.warpAffine(frame, by, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(frame, np.uint8)


def write_clip(
    path: Path, frames: Sequence[ByteArray], *, rate_hz: int = 25, crf: int = 18
) -> Path:
    """Encode frames as H.264; ``crf``: 0 is lossless, 23 usual, 35 poor."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate_hz, options={"crf": str(crf)})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode())
    return path
