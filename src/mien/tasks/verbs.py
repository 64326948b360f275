"""The verbs: one call for one job, on analyzers that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mien.geometry.align import ALIGNMENTS, alignment_maps
from mien.geometry.warp import warp_crops
from mien.tasks.crops import meshes
from mien.tasks.pipeline import Analyzer, Source
from mien.types import Analysis, Faces, Image, Templates


def analyze(source: Source, tasks: Sequence[str] | None = None, **options: Any) -> Analysis:
    """Find out everything about the faces in one picture (or only the named tasks).

    ``source``: path, encoded bytes, RGB array or Image. Options are those of Analyzer.
    """
    return analyzer(tasks, **options).analyze(source)


def analyze_many(
    sources: str | Path | Iterable[Source], tasks: Sequence[str] | None = None, **options: Any
) -> Iterator[Analysis]:
    """Yield one Analysis a picture of a folder or an iterable, in order, failures included."""
    return analyzer(tasks, **options).analyze_many(sources)


def detect(source: Source, **options: Any) -> Faces:
    """Find the faces in one picture: boxes and scores."""
    return analyze(source, ("detect",), **options).found


def align(source: Source, alignment: str = "arcface112", **options: Any) -> list[Image]:
    """Cut each face of a picture as a recogniser wants it: upright, one size, eyes in place."""
    chosen = analyzer(("landmarks",), **options)
    image = chosen.read(source)
    (mesh,) = meshes(chosen.run([image]))
    size_px = ALIGNMENTS[alignment].size_px if alignment in ALIGNMENTS else 0
    crops = warp_crops(image.pixels, alignment_maps(mesh, alignment), (size_px, size_px))
    return [Image(crop, image.source) for crop in crops]


def embed(source: Source, **options: Any) -> Templates:
    """Return one template for each face of a picture, in the order of ``detect``."""
    templates = analyze(source, ("embed",), **options).templates
    assert templates is not None
    return templates


def analyzer(tasks: Sequence[str] | None = None, **options: Any) -> Analyzer:
    """Return an Analyzer for these tasks and options, the same one for the same arguments."""
    return _kept(None if tasks is None else tuple(tasks), **options)


@cache
def _kept(tasks: tuple[str, ...] | None, **options: Any) -> Analyzer:
    return Analyzer(tasks, **options)
