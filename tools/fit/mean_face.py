"""Make the average face that the quality component `plain_view` compares with.

python -m tools.fit.mean_face --data ../shared/data

UTKFace, the file names that are for fitting, 15 years and older: about 250 chips of each labelled
ancestry and gender, brought upright by the mesh, shrunk to 18 x 18 px, each of mean 0 and length 1,
averaged and made symmetric. It shows nobody.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import cv2
import numpy as np

from mien import Analyzer
from mien.tasks.quality_crops import FACE_PX, face_maps, grey_crop
from mien.tasks.quality_measures import MEAN_FACE_FILE

SIZE = 18
PER_GROUP = 250
ADULT = 15
GROUPS = [(gender, race) for gender in range(2) for race in range(4)]
#: Below this the mesh is not to be trusted.
MIN_LOG_ODDS = 15


def ellipse() -> np.ndarray:
    """Tell (18,18) which pixels lie between the brows and the chin of an upright face."""
    y, x = np.mgrid[:SIZE, :SIZE] + 0.5
    return ((x - 9) / 6) ** 2 + ((y - 10.5) / 6) ** 2 < 1


def chosen(folder: Path, gender: int, race: int) -> list[Path]:
    """Return the chips of one group that are for fitting, in the order of their hashes."""
    ranked = []
    for path in folder.glob("*.jpg"):
        parts = path.name.split("_")
        digest = int(hashlib.sha1(path.name.encode()).hexdigest(), 16)
        if len(parts) < 4 or not all(part.isdigit() for part in parts[:3]) or not digest % 5:
            continue
        age, *group = (int(part) for part in parts[:3])
        if age >= ADULT and group == [gender, race]:
            ranked.append((digest, path))
    return [path for _, path in sorted(ranked)[:PER_GROUP]]


def group_mean(analyzer: Analyzer, paths: list[Path], mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the mean normalised face (18,18) of chips, and of how many."""
    rows = []
    for path in paths:
        image = analyzer.read(path)
        (analysis,) = analyzer.run([image])
        if len(analysis.found) != 1:
            continue
        if analysis.found.attributes["face_presence"].values[0, 1] < MIN_LOG_ODDS:
            continue
        mesh = analysis.found.landmarks["mesh478"].points
        crop, _ = grey_crop(image.pixels, face_maps(mesh)[0], FACE_PX)
        face = cv2.resize(crop, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float64)
        rows.append(normalised(face, mask))
    return np.mean(rows, axis=0), len(rows)


def normalised(face: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Bring a face to mean 0 and length 1 inside the mask, 0 outside."""
    face = np.where(mask, face - face[mask].mean(), 0)
    return face / np.linalg.norm(face)


def main() -> None:
    """Write the average face."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args().data / "utkface"
    analyzer, mask = Analyzer(("landmarks",), threads=1), ellipse()
    means = []
    for gender, race in GROUPS:
        mean, count = group_mean(analyzer, chosen(folder, gender, race), mask)
        print(f"gender {gender}, race {race}: {count} faces", flush=True)
        means.append(mean)
    face = np.mean(means, axis=0)
    face = normalised(face + face[:, ::-1], mask)
    np.save(MEAN_FACE_FILE, face.astype(np.float32))


if __name__ == "__main__":
    main()
