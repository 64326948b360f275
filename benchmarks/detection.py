"""How many faces each detector finds, how many boxes are false, and what a picture costs.

    python -m benchmarks.detection [--detectors cascade blazeface.short ...] [--lfw 500]

Prints Markdown. Sets: `dlib_faces` and `compreface_samples` (labelled group and single photos),
LFW (one face in the middle of each picture), LFW turned, collages of LFW faces by size (other
people stand in many LFW pictures, so boxes on these two are not called false), and pictures without
a face. A face counts once: labels and boxes are paired one to
one, by the centre of the label in the box; a box without a label is false.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import skimage.data
from scipy.optimize import linear_sum_assignment

from mien.io import read_image
from mien.tasks.pipeline import Analyzer
from mien.types import Faces, Image

SIZES_PX = (12, 16, 24, 48, 96, 200, 400)
NO_FACE = ("brick", "chelsea", "coffee", "grass", "gravel", "hubble_deep_field", "moon", "rocket")


class Labelled(NamedTuple):
    """A picture with the middles of its faces, (N,2) px."""

    image: Image
    middles: np.ndarray


class Count(NamedTuple):
    """Faces there are, found among them, false boxes, pictures, processor seconds."""

    faces: int = 0
    found: int = 0
    false: int = 0
    pictures: int = 0
    seconds: float = 0.0

    def __add__(self, other: tuple[float, ...]) -> Count:  # type: ignore[override]
        return Count(*(a + b for a, b in zip(self, other, strict=True)))


def dlib_faces(data: Path) -> Iterator[Labelled]:
    """Group scenes: 43 faces in 9 pictures."""
    folder = data / "dlib_faces" / "faces"
    for part in ("training.xml", "testing.xml"):
        for entry in ElementTree.parse(folder / part).iter("image"):
            boxes = [
                [float(box.attrib[key]) for key in ("left", "top", "width", "height")]
                for box in entry.iter("box")
            ]
            left, top, width, height = np.asarray(boxes).T
            middles = np.stack([left + width / 2, top + height / 2], axis=1)
            yield Labelled(read_image(folder / entry.attrib["file"]), middles)


def compreface_samples(data: Path) -> Iterator[Labelled]:
    """Photos with 0 to 8 faces, some of 12 megapixels: 46 nose points in 18 pictures."""
    folder = data / "compreface_samples"
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    for name, noses in sorted(labels["nose_points"].items()):
        yield Labelled(read_image(folder / name), np.asarray(noses, float).reshape(-1, 2))


def lfw_files(data: Path, count: int, seed: int = 0) -> list[Path]:
    """Return a random choice of LFW pictures."""
    files = sorted((data / "lfw").glob("*/*.jpg"))
    chosen = np.random.default_rng(seed).permutation(len(files))[:count]
    return [files[index] for index in chosen]


def no_faces() -> Iterator[Labelled]:
    """Pictures of scikit-image that show no face."""
    for name in NO_FACE:
        pixels = np.asarray(getattr(skimage.data, name)())
        rgb = pixels[..., :3] if pixels.ndim == 3 else np.dstack([pixels] * 3)
        yield Labelled(Image(np.ascontiguousarray(rgb), name), np.zeros((0, 2)))


def collages(files: list[Path], size_px: float, count: int, seed: int = 0) -> Iterator[Labelled]:
    """Paste LFW pictures, their face `size_px` large, into pictures without a face."""
    rng = np.random.default_rng(seed)
    grounds = [labelled.image.pixels for labelled in no_faces()]
    patch_px = round(size_px * 2.2)
    for number in range(count):
        side = max(640, 2 * patch_px)
        ground = cv2.resize(grounds[number % len(grounds)], (side, side))
        middles = []
        for x, y in _cells(side, patch_px, rng, at_most=6):
            # The face of a deep-funnelled LFW picture is about 95 px large and in its middle.
            head = cv2.imread(str(files[rng.integers(len(files))]))[20:230, 20:230, ::-1]
            shrinks = patch_px < head.shape[0]
            how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
            patch = cv2.resize(head, (patch_px, patch_px), interpolation=how)
            ground[y : y + patch_px, x : x + patch_px] = patch
            middles.append([x + patch_px / 2, y + patch_px / 2])
        yield Labelled(Image(ground), np.asarray(middles))


def _cells(side: int, patch_px: int, rng: np.random.Generator, at_most: int) -> np.ndarray:
    """Return corners of cells that do not overlap, (n,2) px."""
    starts = np.arange(0, side - patch_px + 1, patch_px + patch_px // 4)
    grid = np.stack(np.meshgrid(starts, starts), axis=2).reshape(-1, 2)
    return rng.permutation(grid)[:at_most]


def paired(faces: Faces, middles: np.ndarray) -> int:
    """Return how many labels have a box of their own that holds them."""
    box = faces.boxes.xyxy
    inside = (middles[:, None] > box[None, :, :2]) & (middles[:, None] < box[None, :, 2:])
    holds = inside.all(axis=2)
    return int(holds[linear_sum_assignment(holds, maximize=True)].sum())


def count(
    analyzer: Analyzer, labelled: Iterator[Labelled], *, only_labelled: bool = False
) -> Count:
    """Count finds and false boxes; `only_labelled`: other faces may be there, none is false."""
    total = Count()
    for image, middles in labelled:
        start = time.process_time()
        faces = analyzer.run([image])[0].found
        seconds = time.process_time() - start
        found = paired(faces, middles)
        false = 0 if only_labelled else len(faces) - found
        total += Count(len(middles), found, false, 1, seconds)
    return total


def lfw(files: list[Path], quarters: int = 0) -> Iterator[Labelled]:
    """LFW pictures turned counter-clockwise; the face of interest holds the middle."""
    for file in files:
        pixels = np.rot90(read_image(file).pixels, quarters)
        yield Labelled(Image(np.ascontiguousarray(pixels)), np.array([[125.0, 125.0]]))


def turned(analyzer: Analyzer, files: list[Path], quarters: int) -> tuple[int, int]:
    """Return for how many pictures the middle face was found, and was also turned upright."""
    found = upright = 0
    for image, middles in lfw(files, quarters):
        faces = analyzer.run([image])[0].found
        low, high = faces.boxes.xyxy[:, :2], faces.boxes.xyxy[:, 2:]
        rows = np.flatnonzero(((low < middles) & (high > middles)).all(axis=1))
        found += len(rows) > 0
        assert faces.rotation_deg is not None
        upright += len(rows) > 0 and faces.rotation_deg[rows[0]] == -90 * quarters % 360
    return found, upright


def _row(name: str, part: str, n: Count, *, only_labelled: bool = False) -> str:
    share = f"{n.found}/{n.faces}" if n.faces else "-"
    milliseconds = f"{n.seconds / n.pictures * 1e3:.1f}"
    false = "-" if only_labelled else n.false
    cells = (name, part, n.pictures, share, false, milliseconds)
    return "| " + " | ".join(map(str, cells)) + " |"


def report(data: Path, detectors: list[str], n_lfw: int, n_turned: int) -> Iterator[str]:
    """Yield the lines of the tables."""
    files = lfw_files(data, n_lfw)
    yield "| detector | set | pictures | found | false | CPU ms a picture |"
    yield "|---|---|---|---|---|---|"
    for name in detectors:
        analyzer = _analyzer(name)
        yield _row(name, "dlib_faces", count(analyzer, dlib_faces(data)))
        yield _row(name, "compreface_samples", count(analyzer, compreface_samples(data)))
        middle = count(analyzer, lfw(files), only_labelled=True)
        yield _row(name, "LFW, middle face", middle, only_labelled=True)
        yield _row(name, "no face", count(analyzer, no_faces()))
        for size_px in SIZES_PX:
            made = count(analyzer, collages(files, size_px, 12), only_labelled=True)
            yield _row(name, f"collage, {size_px} px", made, only_labelled=True)
    yield from ("", "| turned by | pictures | found | turned upright |", "|---|---|---|---|")
    auto = _analyzer("cascade", orientation="auto")
    for quarters in range(4):
        found, upright = turned(auto, files[:n_turned], quarters)
        yield f"| {90 * quarters}° | {len(files[:n_turned])} | {found} | {upright} |"


def _analyzer(name: str, **options: str) -> Analyzer:
    detector = None if name == "cascade" else name
    return Analyzer(("detect",), threads=1, detector=detector, **options)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    default = Path(os.environ.get("MIEN_DATA", "../shared/data"))
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--detectors", nargs="+", default=["cascade", "blazeface.short"])
    parser.add_argument("--lfw", type=int, default=500, help="LFW pictures")
    parser.add_argument("--turned", type=int, default=200, help="LFW pictures turned four ways")
    options = parser.parse_args()
    for line in report(options.data, options.detectors, options.lfw, options.turned):
        print(line, flush=True)


if __name__ == "__main__":
    main()
