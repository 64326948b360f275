"""Give a gallery the templates of another recogniser, made anew from its pictures.

Resumable: what is done is kept in the gallery, which serves its old model until all is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mien.errors import GalleryError, InputError
from mien.gallery import Migrated, Reference
from mien.gallery.migrating import Migration
from mien.gallery.sqlite import SqliteGallery
from mien.geometry.boxes import iou
from mien.models import get_spec
from mien.recognition.kept import box_in_crop
from mien.recognition.pinned import options_of
from mien.tasks.embed import template_model_id
from mien.tasks.pipeline import Analyzer, Source
from mien.types import Analysis, Templates

#: References that are dealt with between two transactions.
ROWS_AT_ONCE = 128
#: A face is found again where its box overlaps the stored one by as much (intersection over
#: union). A crop's box is a square round the stored one, hence less.
_LEAST_IOU, _LEAST_IOU_IN_CROP = 0.5, 0.3

NO_SOURCE, NO_FILE = "no picture is known", "the picture is not there"
CHANGED, UNREADABLE = "the picture has changed", "the picture cannot be read"
NO_FACE = "the face was not found again"
_Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``missing``: references without a new template, and why; ``migrated``: ``None`` if not yet.

    ``already``: the gallery had the model before.
    """

    missing: tuple[tuple[Reference, str], ...]
    migrated: Migrated | None
    already: bool = False


def target_analyzer(model: str, **options: Any) -> tuple[Analyzer, str]:
    """Return what makes templates of a model, and their model id.

    ``model``: a recogniser's name or spec file, with today's defaults for the rest, or a full model
    id (name@hash). Raises ModelNotFoundError, or GalleryMismatchError for an id nothing makes.
    """
    chosen = options_of(model, {}) if "@" in model else {"embedder": model}
    analyzer = Analyzer(("embed",), **{**options, **chosen})
    made = analyzer.options
    return analyzer, template_model_id(get_spec(made.embedder), mesh=made.mesh, mirror=made.mirror)


def migrate(
    gallery: SqliteGallery,
    analyzer: Analyzer,
    model_id: str,
    *,
    root: Path | None = None,
    drop_missing: bool = False,
    actor: str | None = None,
    reason: str = "",
    on_done: Callable[[], None] = lambda: None,
) -> Outcome:
    """Embed every reference anew and change the gallery's model when all are done.

    ``analyzer``, ``model_id``: from ``target_analyzer``. A reference's picture is read from its
    stored source (relative ones below ``root``, default the working directory) and must have the
    bytes it was enrolled with; else the crop that was kept is used. While some are missing the
    gallery stays as it is, unless they are to be dropped. ``on_done`` is called once a reference.
    Raises GalleryError for a gallery without references, or with another migration under way.
    """
    if gallery.model_id is None:
        raise GalleryError("migrate: nothing is enrolled; the first enrolment chooses the model")
    work = gallery.migration(model_id)
    if not work.begin(actor=actor, reason=reason):
        # The last run may have been killed between the change and its cleaning up.
        gallery.clear_residue()
        return Outcome((), None, already=True)
    try:
        return _work(gallery, analyzer, work, root, drop_missing, actor, reason, on_done)
    except GalleryError:
        if gallery.model_id != model_id:
            raise
        # Another process was at it too, and has finished.
        gallery.clear_residue()
        return Outcome((), None, already=True)


def _work(
    gallery: SqliteGallery,
    analyzer: Analyzer,
    work: Migration,
    root: Path | None,
    drop_missing: bool,
    actor: str | None,
    reason: str,
    on_done: Callable[[], None],
) -> Outcome:
    while True:
        last = 0
        while waiting := work.waiting(ROWS_AT_ONCE, after=last):
            last = waiting[-1].reference_id
            _embed(gallery, analyzer, work, waiting, root)
            for _ in waiting:
                on_done()
        missing = tuple(work.missing())
        if missing and not drop_missing:
            return Outcome(missing, None)
        migrated = work.swap(drop_missing=drop_missing, actor=actor, reason=reason)
        if migrated is not None:
            gallery.clear_residue()
            return Outcome(missing, migrated)


def _embed(
    gallery: SqliteGallery,
    analyzer: Analyzer,
    work: Migration,
    waiting: Sequence[Reference],
    root: Path | None,
) -> None:
    """Deal with some references: first from their pictures, then from kept crops."""
    found: dict[int, Templates] = {}
    problems: dict[int, str] = {}
    for reference, made in _from_sources(analyzer, waiting, root):
        if isinstance(made, str):
            problems[reference.reference_id] = made
        else:
            found[reference.reference_id] = made
    crops = {number: crop for number in problems if (crop := gallery.crop(number)) is not None}
    for number, template in _from_crops(analyzer, crops):
        found[number] = template
        del problems[number]
    if found:
        work.stage(list(found), Templates.concatenate(list(found.values())))
    work.miss(list(problems.items()))


def _from_sources(
    analyzer: Analyzer, waiting: Sequence[Reference], root: Path | None
) -> Iterator[tuple[Reference, Templates | str]]:
    """Yield each reference with its template, or what hinders it; each picture is read once."""
    by_path: dict[Path, list[Reference]] = {}
    for reference in waiting:
        if reference.source is None or reference.content_sha256 is None:
            yield reference, NO_SOURCE
        else:
            path = Path(reference.source) if root is None else root / reference.source
            by_path.setdefault(path, []).append(reference)
    for references, analysis in zip(by_path.values(), analyzer.analyze_many(by_path), strict=True):
        for reference in references:
            yield reference, _again(analysis, reference)


def _again(analysis: Analysis, reference: Reference) -> Templates | str:
    """Return the template of the same face of the same picture."""
    if analysis.error is not None:
        return NO_FILE if analysis.error.kind == "ImageNotFoundError" else UNREADABLE
    if analysis.content_sha256 != reference.content_sha256:
        return CHANGED
    if reference.box is not None:
        row = _nearest(analysis, reference.box, _LEAST_IOU)
    else:
        row = reference.face_index if reference.face_index < len(analysis.found) else None
    return NO_FACE if row is None else _template(analysis, row)


def _from_crops(analyzer: Analyzer, crops: dict[int, bytes]) -> Iterator[tuple[int, Templates]]:
    sources: list[Source] = list(crops.values())
    for number, analysis in zip(crops, analyzer.analyze_many(sources), strict=True):
        if analysis.error is not None or analysis.image_size_wh is None:
            continue
        box = box_in_crop(analysis.image_size_wh[0])
        row = _nearest(analysis, box, _LEAST_IOU_IN_CROP)
        if row is not None:
            yield number, _template(analysis, row)


def _nearest(analysis: Analysis, box: _Box, least: float) -> int | None:
    """Return the face whose box overlaps a box most, ``None`` where none does by enough."""
    overlaps = iou(analysis.found.boxes.xyxy, np.array([box], np.float32))[:, 0]
    if not len(overlaps) or overlaps.max() < least:
        return None
    return int(overlaps.argmax())


def _template(analysis: Analysis, row: int) -> Templates:
    if analysis.templates is None:
        raise InputError("migrate: expected an analyzer that makes templates")
    return analysis.templates[[row]]
