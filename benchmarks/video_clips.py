"""Clips of real people with known boxes: stills that move, cross, hide, leave and are cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mien import Analyzer, read_image
from mien.data.lfw import Lfw
from mien.types import Image

SIZE_WH = (640, 480)
RATE_HZ = 25
#: A still is cut out this many face sides wide, and shown as an oval.
_WIDE = 2.2
_STILL_PX = 256
#: Faces of which less than this is in view are neither wanted nor wrong.
MIN_VISIBLE = 0.3


@dataclass(frozen=True, eq=False)
class Still:
    """Head and shoulders of one picture of a person, (256,256,3); the face's side is 256 / 2.2."""

    person: int
    pixels: np.ndarray


@dataclass(frozen=True)
class Place:
    """Centre and side of a face, px, and how far it leans."""

    x: float
    y: float
    side: float
    lean_deg: float = 0.0


@dataclass(frozen=True, eq=False)
class Actor:
    """A still, and where its face is at a time; ``None`` when it is away. Later ones are nearer."""

    still: Still
    where: Callable[[float], Place | None]


@dataclass(frozen=True, eq=False)
class Scene:
    """Actors, cuts, a bar that hides what it covers, x1 and x2 at a time."""

    kind: str
    actors: tuple[Actor, ...]
    cuts_s: tuple[float, ...] = ()
    bar: Callable[[float], tuple[float, float]] | None = None
    duration_s: float = 6.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Shown:
    """A frame and its truth: ``person (N,)``, ``boxes (N,4)`` px, ``visible (N,)`` 0..1."""

    image: Image
    person: np.ndarray
    boxes: np.ndarray
    visible: np.ndarray


def people(data: Path, *, folds: tuple[int, ...] = (3, 4), most: int = 40) -> list[list[Still]]:
    """Return two stills of each of some people of LFW's folds 4 and 5, as mien finds the face."""
    reader = Lfw(data / "lfw")
    pairs = reader.pairs()
    pairs = pairs[pairs.mated & np.isin(pairs.fold, folds)]
    chosen: dict[str, list[Path]] = {}
    for first, second in zip(pairs.first, pairs.second, strict=True):
        both = [reader.pictures / str(name) for name in (first, second)]
        chosen.setdefault(both[0].parent.name, both)
    analyzer = Analyzer(("detect",), threads=1)
    found = []
    for name in sorted(chosen):
        stills = [_still(len(found), path, analyzer) for path in chosen[name]]
        if all(still is not None for still in stills):
            found.append([still for still in stills if still is not None])
        if len(found) == most:
            break
    return found


def _still(person: int, path: Path, analyzer: Analyzer) -> Still | None:
    image = read_image(path)
    faces = analyzer.analyze(image).found
    if not len(faces):
        return None
    side = faces.boxes.wh.mean(axis=1)
    centre = faces.boxes.centres
    central = int(np.linalg.norm(centre - np.array(image.size_wh) / 2, axis=1).argmin())
    scale = _STILL_PX / (_WIDE * side[central])
    x, y = centre[central]
    matrix = np.array(
        [[scale, 0, _STILL_PX / 2 - scale * x], [0, scale, _STILL_PX / 2 - scale * y]]
    )
    pixels = cv2.warpAffine(
        image.pixels, matrix, (_STILL_PX, _STILL_PX), borderMode=cv2.BORDER_REPLICATE
    )
    return Still(person, np.asarray(pixels))


def frames(scene: Scene) -> Iterator[Shown]:
    """Render a scene; memory does not grow with its length."""
    rng = np.random.default_rng(scene.seed)
    for number in range(round(scene.duration_s * RATE_HZ)):
        yield _frame(scene, number / RATE_HZ, rng)


def _frame(scene: Scene, time_s: float, rng: np.random.Generator) -> Shown:
    shot = sum(time_s >= cut for cut in scene.cuts_s)
    pixels = _ground(scene.seed * 31 + shot).astype(np.float32)
    order = np.zeros(pixels.shape[:2], np.int16)
    placed = []
    for number, actor in enumerate(scene.actors, start=1):
        place = actor.where(time_s)
        if place is not None:
            _paste(pixels, order, actor.still, place, number)
            placed.append((number, actor.still.person, place))
    if scene.bar is not None:
        left, right = (round(max(edge, 0)) for edge in scene.bar(time_s))
        pixels[:, left:right], order[:, left:right] = (70, 62, 55), -1
    light = 1 + 0.08 * np.sin(2 * np.pi * time_s / 3 + scene.seed)
    pixels = pixels * light + rng.normal(0, 3, pixels.shape[:2])[..., None]
    image = Image(np.clip(pixels, 0, 255).astype(np.uint8), scene.kind, time_s)
    boxes = np.array([_box(place) for _, _, place in placed]).reshape(-1, 4)
    visible = [_visible(order, box, n) for (n, _, _), box in zip(placed, boxes, strict=True)]
    return Shown(image, np.array([p for _, p, _ in placed], int), boxes, np.array(visible))


def _paste(pixels: np.ndarray, order: np.ndarray, still: Still, at: Place, number: int) -> None:
    middle = _STILL_PX / 2
    matrix = cv2.getRotationMatrix2D((middle, middle), at.lean_deg, at.side * _WIDE / _STILL_PX)
    matrix[:, 2] += (at.x - middle, at.y - middle)
    moved = cv2.warpAffine(still.pixels, matrix, SIZE_WH, flags=cv2.INTER_AREA)
    share = cv2.warpAffine(_oval(), matrix, SIZE_WH)[..., None]
    pixels += share * (moved - pixels)
    order[share[..., 0] > 0.5] = number


def _oval() -> np.ndarray:
    shape = np.zeros((_STILL_PX, _STILL_PX), np.float32)
    middle = _STILL_PX // 2
    cv2.ellipse(shape, (middle, middle), (88, 116), 0, 0, 360, 1.0, -1)
    return cv2.GaussianBlur(shape, (0, 0), 4)


def _ground(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(40, 215, (6, 8, 3)).astype(np.uint8)
    return cv2.resize(coarse, SIZE_WH, interpolation=cv2.INTER_CUBIC)


def _box(at: Place) -> tuple[float, float, float, float]:
    half = at.side / 2
    return at.x - half, at.y - half, at.x + half, at.y + half


def _visible(order: np.ndarray, box: np.ndarray, number: int) -> float:
    x1, y1, x2, y2 = np.round(box).astype(int)
    inside = order[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)]
    return float((inside == number).sum()) / max((x2 - x1) * (y2 - y1), 1)


def scenes(cast: list[list[Still]], *, rounds: int) -> list[Scene]:
    """Return six kinds of scenes, ``rounds`` of each, with other people and places each time."""
    made = []
    for number in range(rounds * len(_KINDS)):
        rng = np.random.default_rng(number)
        picked = [cast[row] for row in rng.permutation(len(cast))[:6]]
        made.append(_KINDS[number % len(_KINDS)](picked, rng, number))
    return made


def _between(a: Place, b: Place, start_s: float, end_s: float) -> Callable[[float], Place | None]:
    def where(time_s: float) -> Place | None:
        if not start_s <= time_s < end_s:
            return None
        part = (time_s - start_s) / (end_s - start_s)
        ends = ((a.x, b.x), (a.y, b.y), (a.side, b.side), (a.lean_deg, b.lean_deg))
        return Place(*((1 - part) * low + part * high for low, high in ends))

    return where


def _sways(at: Place, rng: np.random.Generator, start_s: float, end_s: float):
    phase, pace = rng.uniform(0, 6), rng.uniform(1, 3)

    def where(time_s: float) -> Place | None:
        if not start_s <= time_s < end_s:
            return None
        turn = pace * time_s + phase
        x, y = at.x + 0.2 * at.side * np.sin(turn), at.y + 0.1 * at.side * np.sin(1.3 * turn)
        return Place(x, y, at.side * (1 + 0.06 * np.sin(0.7 * turn)), 8 * np.sin(0.8 * turn))

    return where


def _walk(cast: list[list[Still]], rng: np.random.Generator, seed: int) -> Scene:
    sides = rng.uniform(45, 130, 2)
    way = _between(Place(60, 200, sides[0]), Place(580, 260, sides[1], 10), 0, 6)
    return Scene("walk", (Actor(cast[0][0], way),), seed=seed)


def _cross(cast: list[list[Still]], rng: np.random.Generator, seed: int) -> Scene:
    side = rng.uniform(65, 100)
    y = rng.uniform(-15, 15)
    left, right = Place(90, 230, side), Place(550, 230 + y, side * 1.1)
    actors = (
        Actor(cast[0][0], _between(left, Place(550, 230, side), 0, 6)),
        Actor(cast[1][0], _between(right, Place(90, 230 + y, side * 1.1), 0, 6)),
    )
    return Scene("cross", actors, seed=seed)


def _hidden(cast: list[list[Still]], rng: np.random.Generator, seed: int) -> Scene:
    actors = tuple(
        Actor(cast[row][0], _sways(Place(x, 220, rng.uniform(60, 100)), rng, 0, 6))
        for row, x in enumerate((130, 320, 510))
    )
    return Scene("hidden", actors, bar=lambda t: (170 * t - 260, 170 * t - 120), seed=seed)


def _cuts(cast: list[list[Still]], rng: np.random.Generator, seed: int) -> Scene:
    shots = [(0, 1), (2,), (1, 2), (0,)]
    actors, seen = [], dict.fromkeys(range(3), 0)
    for number, inside in enumerate(shots):
        start_s, end_s = 1.5 * number, 1.5 * (number + 1)
        for place, row in enumerate(inside):
            still = cast[row][seen[row] % 2]
            seen[row] += 1
            at = Place(200 + 240 * place, rng.uniform(190, 270), rng.uniform(60, 130))
            actors.append(Actor(still, _sways(at, rng, start_s, end_s)))
    return Scene("cuts", tuple(actors), (1.5, 3.0, 4.5), seed=seed)


def _returns(cast: list[list[Still]], rng: np.random.Generator, seed: int) -> Scene:
    side = rng.uniform(60, 110)
    out = _between(Place(180, 220, side), Place(-120, 220, side), 0, 2)
    back = _between(Place(760, 240, side), Place(400, 240, side), 4.5, 7)
    stays = _sways(Place(330, 200, 80), rng, 0, 6.5)
    actors = (Actor(cast[0][0], out), Actor(cast[0][1], back), Actor(cast[1][0], stays))
    return Scene("returns", actors, duration_s=6.5, seed=seed)


def _crowd(cast: list[list[Still]], rng: np.random.Generator, seed: int) -> Scene:
    places = ((90, 120), (320, 110), (550, 130), (200, 340), (450, 350))
    actors = tuple(
        Actor(cast[row][0], _sways(Place(*at, rng.uniform(28, 85)), rng, 0, 6))
        for row, at in enumerate(places)
    )
    return Scene("crowd", actors, seed=seed)


_KINDS = (_walk, _cross, _hidden, _cuts, _returns, _crowd)
