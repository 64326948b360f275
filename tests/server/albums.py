"""Albums of the public-domain portrait: turned, mirrored and recoloured, enrolled as people."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mien.gallery import Gallery, Subject
from mien.recognition.enrol import enrol_pictures
from mien.recognition.pinned import analyzer_for

KEY = bytes(range(32))
ENVIRONMENT = {"MIEN_GALLERY_KEY": KEY.hex()}


def portraits(portrait: np.ndarray, folder: Path, n: int = 6) -> list[Path]:
    """Write the portrait n times, turned, mirrored and recoloured each time otherwise."""
    folder.mkdir(exist_ok=True)
    paths = []
    for turn in range(n):
        matrix = cv2.getRotationMatrix2D((220, 130), 4.0 * turn - 10, 1 + 0.03 * turn)
        image = cv2.warpAffine(portrait, matrix, (512, 512), borderMode=cv2.BORDER_REFLECT)
        image = image[:, ::-1] if turn % 2 else image
        tint = np.array([[1, 1, 1], [0.7, 0.9, 1.25], [1.2, 1, 0.75], [0.8, 0.8, 0.8]])[turn % 4]
        image = np.clip(image * tint, 0, 255).astype(np.uint8)
        paths.append(folder / f"portrait {turn}.jpg")
        cv2.imwrite(str(paths[-1]), image[:, :, ::-1])
    return paths


def fill(place: Path, paths: list[Path], *, names: tuple[str | None, ...], crops: bool) -> None:
    """Enrol each picture; a name is one person, no name a person alone."""
    whom = dict(zip(paths, names, strict=True))
    with Gallery.open(str(place), key=KEY) as gallery:
        enrol_pictures(
            gallery,
            paths,
            analyzer=analyzer_for(gallery, ("embed", "quality")),
            labels=lambda path: Subject(name=whom[path]),
            keep_crops=crops,
        )
