"""Albums of the public-domain portrait: turned, mirrored and recoloured, enrolled as people."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from skimage.data import astronaut

import mien
from mien.gallery import Gallery, Origin, Subject
from mien.gallery.sqlite import SqliteGallery
from mien.recognition.enrol import enrol_pictures
from mien.recognition.kept import kept_crop
from mien.recognition.pinned import analyzer_for
from mien.types import Image, Templates

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


#: The recogniser whose templates ``invent`` makes up.
MODEL = "resnet29.dlib@b905f998"
#: Some people stand there twice so that album questions come up; found with the seed below.
_PER_PERSON, _SEED = 6, 0


def invent(place: Path, n: int, *, names: tuple[str | None, ...] = (), crops: bool = True) -> None:
    """Make an encrypted album of n invented people, each halved into two of three faces.

    The vectors are drawn at random about a centre a person; the crops show the portrait in a
    colour a person. The halves of some people are near enough to be asked about.
    """
    rng = np.random.default_rng(_SEED)
    who = np.repeat(np.arange(n), _PER_PERSON)
    templates = _vectors(rng, n, who)
    portrait = _kept()
    with Gallery.open(str(place), key=KEY) as gallery:
        assert isinstance(gallery, SqliteGallery)
        origins = [
            Origin(
                f"photos/{face:04}.jpg",
                f"{face:064x}",
                0,
                (10, 20, 110, 160),
                _coloured(portrait, int(person), face % _PER_PERSON) if crops else None,
            )
            for face, person in enumerate(who)
        ]
        gallery.enrol(templates, [Subject() for _ in who], origins=origins)
        owners = [face.subject_id for face in gallery.iterate()]
        with gallery.editing() as desk:
            desk.regroup({face + 1: owners[face // 3 * 3] for face in range(len(who))})
        for number, name in enumerate(names):
            if name is not None:
                gallery.amend(owners[number * 3], name=name)


def _vectors(rng: np.random.Generator, n: int, who: np.ndarray) -> Templates:
    def unit(rows: int) -> np.ndarray:
        drawn = rng.standard_normal((rows, 128))
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    mean = unit(1)
    centres = 2.2 * mean + unit(n)
    apart = unit(n) * np.linspace(0.6, 1.4, n)[:, None]
    second = np.tile(np.arange(_PER_PERSON) >= _PER_PERSON // 2, n)
    vectors = centres[who] + second[:, None] * apart[who] + 0.35 * unit(len(who))
    return Templates.from_raw(vectors.astype(np.float32), MODEL)


def _kept() -> np.ndarray:
    image = Image(astronaut(), "astronaut")
    crop = np.frombuffer(kept_crop(image, mien.detect(image), 0), np.uint8)
    return cv2.resize(cv2.imdecode(crop, cv2.IMREAD_COLOR), (160, 160))


def _coloured(crop: np.ndarray, person: int, turn: int) -> bytes:
    """The crop in the colour of a person, each time turned otherwise."""
    hue = np.array([[[(person * 47) % 180, 70, 255]]], np.uint8)
    tint = cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0] / 255.0
    matrix = cv2.getRotationMatrix2D((80, 80), 7.0 * turn - 18, 1.0)
    turned = cv2.warpAffine(crop, matrix, (160, 160), borderMode=cv2.BORDER_REFLECT)
    turned = turned[:, ::-1] if turn % 2 else turned
    shown = np.clip(turned * tint, 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
