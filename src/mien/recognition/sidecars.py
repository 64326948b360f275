"""Names and boxes to photo managers and back: XMP sidecars; the photos stay untouched."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.errors import ImageReadError, InputError
from mien.gallery import Reference, Subject
from mien.gallery.sqlite import SqliteGallery
from mien.geometry.boxes import iou
from mien.io.decode import embedded_xmp, stored_frame
from mien.io.xmp import Region, orient, read_regions, sidecar_of, with_regions
from mien.recognition.enrol import Left
from mien.types import Analysis

#: A named region and a found face are one from this intersection over union on: programs draw
#: their boxes differently.
_LEAST_IOU = 0.3
_REFUSED = "the sidecar names {!r} otherwise, and was not made by mien"


@dataclass(frozen=True, slots=True)
class Written:
    """How many sidecars and regions were written, and what was left as it is, and why."""

    n_sidecars: int
    n_regions: int
    left: tuple[Left, ...]


def write_sidecars(
    gallery: SqliteGallery,
    *,
    folder: Path | None = None,
    root: Path | None = None,
    actor: str | None = None,
    reason: str = "",
    on_done: Callable[[], None] = lambda: None,
) -> Written:
    """Write the names of a gallery's faces into the sidecars of their photos (photo.jpg.xmp).

    ``folder``: where to write, in folders as the photos have below their common one; default beside
    the photos. ``root``: where photos with relative sources are. A sidecar that is there is
    extended; what another program said about a face is never replaced. Photos that are gone or
    changed are left out, and faces without a name. The gallery lists the sidecars as an export.
    """
    photos = _named_faces(gallery, root)
    if not photos:
        return Written(0, 0, ())
    common = Path(os.path.commonpath([path.absolute().parent for path in photos]))
    place = common if folder is None else folder
    n = sum(len(faces) for faces in photos.values())
    gallery.note_export(place / "*.xmp", n, actor=actor, reason=reason)
    left: list[Left] = []
    n_sidecars = n_regions = 0
    for photo, faces in photos.items():
        target = sidecar_of(place / photo.absolute().relative_to(common))
        on_done()
        if not faces and not target.is_file():
            continue
        try:
            refused = _write(photo, faces, target)
        except (ImageReadError, InputError) as error:
            left.append(Left(str(photo), str(error), failed=True))
        else:
            n_sidecars += 1
            n_regions += len(faces) - len(refused)
            left += [
                Left(str(photo), f"another program names {r.name!r} otherwise") for r in refused
            ]
        on_done()
    return Written(n_sidecars, n_regions, tuple(left))


def named_by_sidecar(analysis: Analysis) -> list[tuple[int, Subject]]:
    """Return the faces that a photo's sidecar, or else the XMP inside the photo, names.

    Each named region goes to the face that it overlaps most, best pairs first. For ``enrol_faces``.
    Raises InputError for a sidecar that cannot be read.
    """
    if analysis.source is None or not len(analysis.found):
        return []
    photo = Path(analysis.source)
    data = _read(photo)
    sidecar = sidecar_of(photo)
    xmp = sidecar.read_bytes() if sidecar.is_file() else embedded_xmp(data, str(photo))
    if xmp is None:
        return []
    regions = [region for region in read_regions(xmp, str(sidecar)) if region.name is not None]
    if not regions:
        return []
    _, orientation = stored_frame(data, str(photo))
    size_wh = np.tile(np.array(analysis.found.image_size_wh, np.float32), 2)
    shares = [orient(region.box_xyxy, orientation, back=True) for region in regions]
    overlaps = iou(np.array(shares, np.float32) * size_wh, analysis.found.boxes.xyxy)
    chosen: list[tuple[int, Subject]] = []
    while overlaps.max() >= _LEAST_IOU:
        region, row = np.unravel_index(int(overlaps.argmax()), overlaps.shape)
        overlaps[region], overlaps[:, row] = 0, 0
        chosen.append((int(row), Subject(regions[int(region)].name)))
    return sorted(chosen, key=lambda pair: pair[0])


_Named = tuple[Reference, str]


def _named_faces(gallery: SqliteGallery, root: Path | None) -> dict[Path, list[_Named]]:
    """Return all photos, each with the faces whose subject has a name."""
    names = {s.subject_id: s.name for s in gallery.subjects()}
    photos: dict[Path, list[_Named]] = {}
    for reference in gallery.iterate():
        if reference.source is None:
            continue
        path = Path(reference.source) if root is None else root / reference.source
        faces = photos.setdefault(path, [])
        name = names.get(reference.subject_id)
        if name is not None and reference.box is not None:
            faces.append((reference, name))
    return photos


def _write(photo: Path, faces: Sequence[_Named], target: Path) -> list[Region]:
    """Write one sidecar whole; returns the regions that others named differently."""
    data = _read(photo)
    digest = hashlib.sha256(data).hexdigest()
    if any(reference.content_sha256 != digest for reference, _ in faces):
        raise ImageReadError(f"{photo}: has changed since its faces were enrolled")
    stored_wh, orientation = stored_frame(data, str(photo))
    width, height = stored_wh if orientation < 5 else stored_wh[::-1]
    regions = []
    for reference, name in faces:
        assert reference.box is not None
        x1, y1, x2, y2 = (
            min(max(side, 0.0), most) / most
            for side, most in zip(reference.box, (width, height, width, height), strict=True)
        )
        regions.append(Region(name, orient((x1, y1, x2, y2), orientation), own=True))
    try:
        before = target.read_bytes() if target.is_file() else None
        after, refused = with_regions(before, regions, size_wh=stored_wh, source=str(target))
        if after != before:
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.{os.getpid()}.part")
            part.write_bytes(after)
            part.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error
    return refused


def _read(photo: Path) -> bytes:
    try:
        return photo.read_bytes()
    except OSError as error:
        raise ImageReadError(f"{photo}: cannot be read: {error.strerror}") from error
