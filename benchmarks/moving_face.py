"""One portrait that moves as it is told: meshes that blink, talk and turn, and a pulse in the skin.

The portrait is skimage's astronaut, in the public domain; what moves is rendered, so that the truth
is known. A rendered face is easier than a filmed one: its light never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from skimage.data import astronaut

from mien import Analyzer
from mien.geometry.head_pose import rotation_from_angles
from mien.geometry.mesh_warp import warp_face
from mien.geometry.regions import region_mask
from mien.io.video import open_video
from mien.types import Image
from mien.types.arrays import ByteArray, FloatArray
from mien.video.pulse.skin import SkinColour, skin_colour, skin_rgb

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


@dataclass(frozen=True)
class Beating:
    """A clip of the portrait with a pulse in its skin: how it was rendered.

    ``strength``: peak change of green, as a share (.005 is usual for light skin); 0: no pulse.
    Red and blue change by .33/.77 and .53/.77 of it (de Haan and van Leest, 2014). ``noise``: of
    the camera, levels a pixel; ``sway_px``: the head moves to and fro at ``sway_hz``;
    ``flicker``: the light drifts by this share; ``darkness``: the skin is so many times as bright.
    """

    rate_bpm: float = 72.0
    strength: float = 0.005
    seconds: float = 12.0
    rate_hz: int = 25
    noise: float = 2.0
    sway_px: float = 0.0
    sway_hz: float = 0.5
    flicker: float = 0.01
    darkness: float = 1.0
    seed: int = 0


def beating(clip: Beating) -> Iterator[tuple[float, ByteArray, FloatArray]]:
    """Yield time, frame uint8 RGB, cut to the face, and the mesh as a network would place it."""
    pixels, mesh = portrait()
    # Even sizes, as video wants them.
    x0, y0 = np.maximum(mesh[:, :2].min(axis=0).astype(int) - 30, 0) // 2 * 2
    x1, y1 = np.minimum(mesh[:, :2].max(axis=0).astype(int) + 30, SIDE) // 2 * 2
    pixels, mesh = pixels[y0:y1, x0:x1], mesh - np.array([x0, y0, 0])
    size_wh = (int(x1 - x0), int(y1 - y0))
    skin = np.isin(region_mask(mesh[None].astype(np.float32), size_wh), (1, 6))
    soft = cv2.GaussianBlur(skin.astype(np.float32), (0, 0), 2)[..., None]
    generator = np.random.default_rng(clip.seed)
    phases = generator.uniform(0, 2 * np.pi, 5)
    base = (pixels * (1 + soft * (clip.darkness - 1))).astype(np.float32)
    for number in range(round(clip.seconds * clip.rate_hz)):
        at = number / clip.rate_hz
        frame = base * (1 + soft * _change(clip, at, phases)) * _light(clip, at, phases)
        sway = 2 * np.pi * clip.sway_hz * at
        way = np.array([np.sin(sway + phases[3]), 0.5 * np.sin(1.3 * sway + phases[4])])
        shift = clip.sway_px * way
        if clip.sway_px:
            by = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
            frame = cv2.warpAffine(frame, by, size_wh, borderMode=cv2.BORDER_REPLICATE)
        frame += clip.noise * generator.standard_normal(frame.shape, np.float32) + np.float32(0.5)
        seen = mesh.copy()
        seen[:, :2] += shift + generator.normal(0, 0.3, 2) + generator.normal(0, 0.2, (478, 2))
        yield at, np.clip(frame, 0, 255).astype(np.uint8), seen


def _change(clip: Beating, at_s: float, phases: FloatArray) -> FloatArray:
    """Return by what share the colour of skin (3,) differs: a beat with its overtone."""
    turn = 2 * np.pi * clip.rate_bpm / 60 * at_s + phases[0]
    beat = np.sin(turn) + 0.3 * np.sin(2 * turn + 0.7)
    return (-clip.strength * beat * np.array([0.33, 0.77, 0.53]) / 0.77).astype(np.float32)


def _light(clip: Beating, at_s: float, phases: FloatArray) -> np.float32:
    slow = np.sin(0.9 * at_s + phases[1]) + 0.5 * np.sin(2.3 * at_s + phases[2])
    return np.float32(1 + clip.flicker * slow)


def colour_of(clip: Beating, *, crf: int | None = None, folder: Path | None = None) -> SkinColour:
    """Return the skin's colour over a clip; ``crf``: encoded as H.264 in ``folder`` and read."""
    if crf is None:
        return skin_colour((at, skin_rgb(Image(f), m)) for at, f, m in beating(clip))
    assert folder is not None
    made = list(beating(clip))
    path = write_clip(folder / "clip.mp4", [f for _, f, _ in made], rate_hz=clip.rate_hz, crf=crf)
    with open_video(path) as video:
        rows = [
            (at, skin_rgb(image, mesh)) for image, (at, _, mesh) in zip(video, made, strict=True)
        ]
    return skin_colour(rows)
