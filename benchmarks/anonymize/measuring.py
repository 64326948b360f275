"""Templates of open and of covered pictures, made once and kept, and the rates of all attacks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.anonymize.attack import Rate, Trial
from benchmarks.anonymize.controls import face_only_grey, surroundings, uncovered_share
from benchmarks.anonymize.pictures import Known, central_mesh
from benchmarks.anonymize.recognisers import crops_of, embedded
from mien.data.lfw import Lfw
from mien.protect.cover import cover_heads
from mien.protect.style import get_style
from mien.tasks.pipeline import Analyzer
from mien.types import Image

#: Pictures that are cut and embedded at once.
_CHUNK = 64
Change = Callable[[int, Image], Image]


@dataclass(frozen=True)
class Setting:
    """A style and its strength; ``face`` is the control that covers nothing but the mesh."""

    style: str
    strength: float | None = None

    def __str__(self) -> str:
        """Name it."""
        return self.style if self.strength is None else f"{self.style} {self.strength:g}"

    def change(self, known: Known) -> Change:
        """Return what covers a picture of a row."""
        if self.style == "open":
            return lambda row, image: image
        if self.style == "face":
            return lambda row, image: face_only_grey(image, known.mesh[row])
        style = get_style(self.style)
        return lambda row, image: cover_heads(
            image, known.heads[row], style, strength=self.strength
        )


def trial(known: Known, data: Path) -> Trial:
    """Return the mated pairs of View 2 among these pictures, those with a mesh."""
    pairs = Lfw(data / "lfw").pairs()
    row = {name: index for index, name in enumerate(known.names)}
    mated = [
        (row[first], row[second])
        for first, second, same in zip(pairs.first, pairs.second, pairs.mated, strict=True)
        if same and first in row and second in row
    ]
    first, second = np.array(mated).T
    return Trial(first, second, known.person(), known.fold)


def templates(
    known: Known, setting: Setting, names: list[str], cache: Path, *, detected: bool = False
) -> dict[str, np.ndarray]:
    """Return the templates (P,D) by recogniser; NaN where there is no mesh to go by.

    Cut by the mesh of the open face; ``detected``: by that of the face found in the covered one.
    """
    key = _key(known, setting, f"templates {detected}")
    missing = [name for name in names if not (cache / f"{key}-{name}.npy").is_file()]
    parts: dict[str, list[np.ndarray]] = {name: [] for name in missing}
    change = setting.change(known)
    mesh = seen_again(known, setting, cache)[0] if detected else known.mesh
    for start in range(0, len(known.names) if missing else 0, _CHUNK):
        rows = range(start, min(start + _CHUNK, len(known.names)))
        images = [change(row, known.image(row)) for row in rows]
        for name in missing:
            parts[name].append(_embedded(name, images, mesh[list(rows)]))
    for name in missing:
        np.save(cache / f"{key}-{name}.npy", _joined(parts[name]))
    return {name: np.load(cache / f"{key}-{name}.npy") for name in names}


def seen_again(known: Known, setting: Setting, cache: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return what the detector sees of covered pictures: central mesh (P,478,3), NaN for none.

    And whether (P,) it finds a face where the covered one is.
    """
    path = cache / f"{_key(known, setting, 'seen')}.npz"
    if not path.is_file():
        change, finder = setting.change(known), Analyzer(("landmarks",), threads=1)
        mesh = np.full_like(known.mesh, np.nan)
        again = np.zeros(len(mesh), bool)
        for row in range(len(mesh)):
            (analysis,) = finder.run([change(row, known.image(row))])
            mesh[row] = central_mesh(analysis)
            boxes = analysis.found.boxes.xyxy
            middle = known.mesh[row][:468, :2].mean(axis=0)
            inside = (boxes[:, :2] <= middle) & (middle <= boxes[:, 2:])
            again[row] = bool(inside.all(axis=1).any())
        np.savez(path, mesh=mesh, again=again)
    saved = np.load(path)
    return saved["mesh"], saved["again"]


def _embedded(name: str, images: list[Image], mesh: np.ndarray) -> np.ndarray:
    good = np.isfinite(mesh).all(axis=(1, 2))
    chosen = [image for image, one in zip(images, good, strict=True) if one]
    if not chosen:
        return np.full((len(images), 1), np.nan)
    found = embedded(name, crops_of(name, chosen, mesh[good]))
    rows = np.full((len(images), found.shape[1]), np.nan)
    rows[good] = found
    return rows


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Join parts of which some have no template at all, and so not even a width."""
    width = max(part.shape[1] for part in parts)
    return np.concatenate(
        [part if part.shape[1] == width else np.full((len(part), width), np.nan) for part in parts]
    )


def _key(known: Known, setting: Setting, what: str) -> str:
    return hashlib.sha256(f"{known.names} {setting} {what} {_code()}".encode()).hexdigest()[:12]


def _code() -> str:
    """Identify the code that covers: a change of it makes kept templates void."""
    import mien.protect

    folder = Path(mien.protect.__file__).parent
    names = ["cover.py", "head.py", "look.py", "style.py"]
    files = [folder / name for name in names] + sorted((folder / "styles").glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def rates(
    known: Known,
    of: Trial,
    setting: Setting,
    names: list[str],
    cache: Path,
    *,
    folds: Sequence[int],
    plain: bool,
) -> dict[str, dict[str, Rate]]:
    """Return the mated rates by attack and recogniser; ``plain``: also the one that detects."""
    gallery = templates(known, Setting("open"), names, cache)
    probes = templates(known, setting, names, cache)
    found = {
        "informed": {name: of.attack(probes[name], gallery[name], folds=folds) for name in names},
        "parrot": {name: of.attack(probes[name], probes[name], folds=folds) for name in names},
    }
    found["informed, both ways"] = {
        name: of.attack(probes[name], gallery[name], folds=folds, both=True) for name in names
    }
    if plain:
        seen = templates(known, setting, names, cache, detected=True)
        found["plain"] = {
            name: of.attack(_as_wide(seen[name], gallery[name]), gallery[name], folds=folds)
            for name in names
        }
    return found


def _as_wide(rows: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return rows of which none was found as NaN of the right width."""
    return rows if rows.shape[1] == like.shape[1] else np.full_like(like, np.nan)


def detected_again(known: Known, setting: Setting, cache: Path) -> Rate:
    """Return how often the detector finds a face where the covered one was."""
    again = seen_again(known, setting, cache)[1][known.usable]
    return Rate(int(again.sum()), len(again))


def by_surroundings(known: Known, of: Trial, setting: Setting, folds: Sequence[int]) -> Rate:
    """Return the mated rate of who compares the whole covered pictures, as views of a place."""
    change = setting.change(known)
    rows = [surroundings(change(row, known.image(row))) for row in range(len(known.names))]
    return of.attack(np.stack(rows), np.stack(rows), folds=folds)


def uncovered(known: Known, names: list[str]) -> dict[str, tuple[float, float]]:
    """Return mean and largest share of each recogniser's crop that the cover leaves open.

    Of every third picture.
    """
    rows = np.flatnonzero(known.usable)[::3]
    found = {}
    for name in names:
        shares = [
            uncovered_share(name, known.image(row), known.heads[row], known.mesh[row])
            for row in rows
        ]
        found[name] = (float(np.mean(shares)), float(np.max(shares)))
    return found
