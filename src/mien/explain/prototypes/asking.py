"""The verb: whom of some pictures, or of a gallery, does this face look like, and why."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mien.errors import InputError, NoFaceError
from mien.explain.comparison import aligned, embedder
from mien.explain.prototypes.likeness import Likeness, likeness
from mien.gallery import Gallery
from mien.recognition.pinned import analyzer_for
from mien.recognition.verify import Choose, one_face
from mien.tasks.pipeline import Analyzer, Source
from mien.tasks.verbs import analyzer
from mien.types import Templates

#: References of a gallery that are looked at: the overall losses are over these.
MOST_REFERENCES = 1000


def prototypes(
    probe: Source,
    references: str | Path | Iterable[Source] | None = None,
    *,
    gallery: Gallery | None = None,
    k: int = 5,
    choose: Choose = "single",
    seed: int = 0,
    **options: Any,
) -> Likeness:
    """Return the examples that the probe's face looks most like, each with why [P107].

    ``references``: a folder or pictures (all their faces); or a ``gallery``, whose templates are
    enough: of a large one the nearest MOST_REFERENCES. Options are those of Analyzer. Raises
    NoFaceError, SeveralFacesError, InputError.
    """
    if (references is None) == (gallery is None):
        raise InputError("prototypes: expected either references or a gallery")
    if gallery is None:
        chosen = analyzer(("embed",), **options)
    else:
        chosen = analyzer_for(gallery, ("embed",), **options)
    image = chosen.read(probe)
    (analysis,) = chosen.run([image])
    row = one_face(analysis, choose=choose)
    if gallery is None:
        assert references is not None
        templates, names = _of_pictures(chosen, references)
    else:
        assert analysis.templates is not None
        templates, names = _of_gallery(gallery, analysis.templates[[row]])
    crop = aligned(image, analysis, row, options=chosen.options).crop
    embed = embedder(chosen.options, mirror=chosen.options.mirror)
    return likeness(crop, embed, templates, names=names, k=k, seed=seed)


def _of_pictures(
    chosen: Analyzer, references: str | Path | Iterable[Source]
) -> tuple[Templates, list[str]]:
    parts, names = [], []
    for number, analysis in enumerate(chosen.analyze_many(references)):
        if analysis.templates is None:
            continue
        source = f"picture {number}" if analysis.source is None else analysis.source
        several = len(analysis.templates) > 1
        names += [f"{source}#{row}" if several else source for row in range(len(analysis.found))]
        parts.append(analysis.templates)
    if not names:
        raise NoFaceError("prototypes: the references show no face")
    return Templates.concatenate(parts), names


def _of_gallery(gallery: Gallery, probe: Templates) -> tuple[Templates, list[str]]:
    (found,) = gallery.search(probe, MOST_REFERENCES)
    if not found:
        raise NoFaceError("prototypes: the gallery has no reference")
    ids = [candidate.reference_id for candidate in found]
    names = []
    for candidate in found:
        known = gallery.subject(candidate.subject_id).called
        names.append(f"{known} (reference {candidate.reference_id})")
    return gallery.templates(ids), names
