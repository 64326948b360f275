"""Clips with known boxes and identities, rendered from the public-domain portrait.

A person is the portrait with its features moved (``PEOPLE``): the recogniser scores two of them
below its threshold at FMR 1e-2, and one at any size and in any colour above it. ``CLIPS`` names the
scenes; ``clip.frames()`` yields pixels and truth, ``clip.write(path)`` encodes them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from skimage.data import astronaut

#: Seed and strength (px) of the warp that makes a person of the portrait.
PEOPLE: dict[str, tuple[int, float]] = {"ada": (0, 0.0), "bea": (17, 5.0), "cyd": (9, 8.0)}
#: The face in a sprite, as the shipped detector sees it: centre x, y and side, px.
_FACE = {"ada": (116, 126, 104), "bea": (116, 122, 98), "cyd": (112, 124, 103)}
#: Subject's left eye, right eye, nose, mouth, chin, brow and cheeks in a sprite.
_MOVED = [
    (136, 104),
    (95, 102),
    (113, 131),
    (114, 140),
    (114, 165),
    (115, 73),
    (156, 134),
    (75, 132),
]
RATE_HZ = 25


@dataclass(frozen=True)
class Place:
    """Where an actor's face is: its centre and side in px, and how far it leans."""

    x: float
    y: float
    side: float = 80
    lean_deg: float = 0.0


@dataclass(frozen=True)
class Actor:
    """A person who moves; later actors stand in front. ``where(time_s)`` is None when away."""

    person: str
    where: Callable[[float], Place | None]


@dataclass(frozen=True)
class Truth:
    """One face in one frame. ``visible``: the share of its box in view and not covered."""

    person: str
    box_xyxy: tuple[float, float, float, float]
    visible: float


@dataclass(frozen=True)
class Frame:
    """Pixels (H,W,3) uint8 RGB with the faces in it; ``shot`` counts the cuts before it."""

    time_s: float
    pixels: np.ndarray
    truth: tuple[Truth, ...]
    shot: int


@dataclass(frozen=True)
class Clip:
    """Actors over time before a background; a bar covers what ``bar(time_s)`` says (x1, x2)."""

    actors: tuple[Actor, ...]
    duration_s: float = 4.0
    cuts_s: tuple[float, ...] = ()
    bar: Callable[[float], tuple[float, float] | None] = lambda time_s: None
    size_wh: tuple[int, int] = (640, 480)
    rate_hz: int = RATE_HZ

    @property
    def n_frames(self) -> int:
        return round(self.duration_s * self.rate_hz)

    def frames(self) -> Iterator[Frame]:
        """Yield every frame; memory does not grow with their number."""
        for number in range(self.n_frames):
            yield self.at(number / self.rate_hz)

    def at(self, time_s: float) -> Frame:
        shot = sum(time_s >= cut for cut in self.cuts_s)
        pixels = _background(self.size_wh, shot).copy()
        order = np.zeros(pixels.shape[:2], np.int16)
        boxes: list[tuple[str, tuple[float, float, float, float]]] = []
        for actor in self.actors:
            place = actor.where(time_s)
            if place is not None:
                boxes.append(
                    (actor.person, _paste(pixels, order, actor.person, place, len(boxes) + 1))
                )
        span = self.bar(time_s)
        if span is not None:
            left, right = (round(max(0, edge)) for edge in span)
            pixels[:, left:right], order[:, left:right] = (70, 60, 50), -1
        truth = tuple(
            Truth(person, box, _visible(order, box, number))
            for number, (person, box) in enumerate(boxes, start=1)
        )
        return Frame(time_s, pixels, truth, shot)

    def write(self, path: Path, **options: Any) -> Path:
        """Encode it; options are those of ``render``."""
        pixels = (frame.pixels for frame in self.frames())
        return render(path, pixels, **{"rate_hz": self.rate_hz, **options})


def pattern(n: int = 100, size_wh: tuple[int, int] = (160, 120)) -> Iterator[np.ndarray]:
    """Yield small frames without a face, for tests of reading: a number as dark and bright squares.

    ``number_of`` reads it back from a decoded frame.
    """
    width, height = size_wh
    for number in range(n):
        pixels = np.full((height, width, 3), 128, np.uint8)
        for bit in range(8):
            left = bit * width // 8
            pixels[height // 4 : height // 2, left : left + width // 8] = 230 * (number >> bit & 1)
        pixels[:, number % width] = (255, 0, 0)
        yield pixels


def number_of(pixels: np.ndarray) -> int:
    """Return the number that ``pattern`` drew, modulo 256."""
    height, width = pixels.shape[:2]
    row = pixels[height * 3 // 8 - 4 : height * 3 // 8 + 4].mean(axis=(0, 2))
    return sum(
        int(row[b * width // 8 + 5 : (b + 1) * width // 8 - 5].mean() > 115) << b for b in range(8)
    )


@cache
def sprite(person: str) -> np.ndarray:
    """Return head and shoulders of a person, (256,240,3) uint8 RGB."""
    base = np.ascontiguousarray(astronaut()[0:256, 110:350])
    seed, strength_px = PEOPLE[person]
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:256, :240].astype(np.float32)
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    for px, py in _MOVED:
        near = np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 22**2))
        move, swell = rng.normal(size=2) * strength_px, rng.normal() * 0.35 * (strength_px > 0)
        dx += near * (move[0] + swell * (x - px))
        dy += near * (move[1] + swell * (y - py))
    moved = cv2.remap(base, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved)


def render(
    path: Path,
    frames: Iterable[np.ndarray],
    *,
    rate_hz: int = RATE_HZ,
    times_s: Iterable[float] | None = None,
    codec: str = "libx264",
    audio: bool = False,
    audio_from_s: float = 0.0,
    metadata: dict[str, str] | None = None,
    turned_deg: int = 0,
    options: dict[str, str] | None = None,
    every_keyframe: int = 25,
) -> Path:
    """Encode RGB frames, at a rate or at the times that are given; return the path.

    ``audio``: a 440 Hz tone of the same length (from two frames on), beginning at
    ``audio_from_s``. ``turned_deg``: what a phone
    writes into an mp4 that was held so, counter-clockwise to be seen upright; pixels stay.
    """
    with av.open(str(path), "w", options=options or {}) as container:
        container.metadata.update(metadata or {})
        stream: Any = None
        sound: Any = container.add_stream("aac", rate=16000) if audio else None
        last_s = 0.0
        times = None if times_s is None else iter(times_s)
        for number, pixels in enumerate(frames):
            if stream is None:
                stream = container.add_stream(codec, rate=rate_hz)
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
                stream.codec_context.gop_size = every_keyframe
                if codec == "libx264":
                    # AVI has no place for the times of frames that are stored out of order.
                    n_between = "0" if path.suffix == ".avi" else "2"
                    stream.options = {"preset": "ultrafast", "bf": n_between}
                if times is not None:
                    stream.codec_context.time_base = Fraction(1, 90_000)
            last_s = number / rate_hz if times is None else next(times)
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = round(last_s * 90_000), Fraction(1, 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if sound is not None:
            _tone(container, sound, last_s + 1 / rate_hz, from_s=audio_from_s)
    if turned_deg:
        _turn(path, turned_deg)
    return path


def _tone(container: Any, sound: Any, duration_s: float, *, from_s: float) -> None:
    n = math.ceil(duration_s * 16000)
    wave = (0.3 * 32767 * np.sin(2 * np.pi * 440 * np.arange(n) / 16000)).astype(np.int16)
    for start in range(0, n, 1024):
        frame = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], "s16", "mono")
        frame.sample_rate, frame.time_base = 16000, Fraction(1, 16000)
        frame.pts = start + round(from_s * 16000)
        container.mux(sound.encode(frame))
    container.mux(sound.encode())


def _turn(path: Path, turned_deg: int) -> None:
    """Write a display matrix into the first track's header (ISO/IEC 14496-12, tkhd version 0)."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    cos, sin = round(math.cos(math.radians(turned_deg))), round(math.sin(math.radians(turned_deg)))
    rows = [cos << 16, -sin << 16, 0, sin << 16, cos << 16, 0, 0, 0, 1 << 30]
    data[at : at + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in rows)
    path.write_bytes(data)


@cache
def _background(size_wh: tuple[int, int], shot: int) -> np.ndarray:
    width, height = size_wh
    rng = np.random.default_rng(shot)
    coarse = rng.integers(40, 215, (6, 8, 3)).astype(np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def _paste(
    pixels: np.ndarray, order: np.ndarray, person: str, place: Place, number: int
) -> tuple[float, float, float, float]:
    cx, cy, side = _FACE[person]
    scale = place.side / side
    matrix = cv2.getRotationMatrix2D((cx, cy), place.lean_deg, scale)
    matrix[:, 2] += (place.x - cx, place.y - cy)
    size = (pixels.shape[1], pixels.shape[0])
    moved = cv2.warpAffine(sprite(person), matrix, size, flags=cv2.INTER_AREA)
    share = cv2.warpAffine(_outline(), matrix, size)[..., None]
    pixels[:] = (moved * share + pixels * (1 - share) + 0.5).astype(np.uint8)
    order[share[..., 0] > 0.5] = number
    half = place.side / 2
    return place.x - half, place.y - half, place.x + half, place.y + half


@cache
def _outline() -> np.ndarray:
    """Return the opaque part of a sprite, (256,240) float32 in 0..1: head and shoulders."""
    shape = np.zeros((256, 240), np.float32)
    cv2.ellipse(shape, (116, 110), (84, 100), 0, 0, 360, 1.0, -1)
    cv2.ellipse(shape, (120, 256), (112, 75), 0, 0, 360, 1.0, -1)
    return cv2.GaussianBlur(shape, (0, 0), 3)


def _visible(order: np.ndarray, box: tuple[float, float, float, float], number: int) -> float:
    x1, y1, x2, y2 = (round(edge) for edge in box)
    inside = order[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)]
    seen = int(((inside == number) | (inside == 0)).sum())
    return seen / ((x2 - x1) * (y2 - y1))


def _between(start: Place, end: Place, *, until_s: float = 4.0) -> Callable[[float], Place]:
    def where(time_s: float) -> Place:
        part = min(1.0, time_s / until_s)
        mixed = {
            name: (1 - part) * getattr(start, name) + part * getattr(end, name)
            for name in ("x", "y", "side", "lean_deg")
        }
        return Place(**mixed)

    return where


def _only(
    where: Callable[[float], Place | None], start_s: float, end_s: float
) -> Callable[[float], Place | None]:
    return lambda time_s: where(time_s) if start_s <= time_s < end_s else None


def _sway(at: Place, *, phase: float) -> Callable[[float], Place]:
    return lambda time_s: replace(
        at,
        x=at.x + 12 * math.sin(2 * time_s + phase),
        y=at.y + 6 * math.sin(3 * time_s + phase),
        lean_deg=6 * math.sin(1.5 * time_s + phase),
    )


CLIPS: dict[str, Clip] = {
    # One person walks through the picture.
    "pan": Clip((Actor("ada", _between(Place(90, 200), Place(550, 220))),)),
    # One person comes nearer.
    "zoom": Clip((Actor("bea", _between(Place(320, 240, 40), Place(320, 240, 190))),)),
    # Ada, cut to Bea elsewhere, cut back to Ada.
    "cut": Clip(
        (
            Actor("ada", _only(_sway(Place(200, 220, 100), phase=0), 0, 1.6)),
            Actor("bea", _only(_sway(Place(420, 200, 90), phase=1), 1.6, 2.8)),
            Actor("ada", _only(_sway(Place(300, 260, 120), phase=2), 2.8, 9)),
        ),
        cuts_s=(1.6, 2.8),
    ),
    # A bar passes before a person who stands.
    "occlusion": Clip(
        (Actor("cyd", _sway(Place(320, 230, 90), phase=0)),),
        bar=lambda time_s: (200 * time_s - 240, 200 * time_s - 80),
    ),
    # Two people cross; the second passes in front.
    "crossing": Clip(
        (
            Actor("ada", _between(Place(110, 230, 80), Place(530, 230, 80))),
            Actor("bea", _between(Place(530, 245, 90), Place(110, 245, 90))),
        )
    ),
    # Three people stay in view.
    "three": Clip(
        (
            Actor("ada", _sway(Place(120, 200, 80), phase=0)),
            Actor("bea", _sway(Place(320, 220, 90), phase=2)),
            Actor("cyd", _sway(Place(520, 200, 85), phase=4)),
        )
    ),
    # Nobody.
    "empty": Clip((), duration_s=1.0),
}
