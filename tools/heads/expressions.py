"""What the expression head reads of labelled pictures, computed by the pipeline that users run."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.models import load
from mien.tasks.crops import all_meshes, crop_faces, meshes
from mien.tasks.expression import EXPRESSIONS, MODEL, shape_rows, upright_maps
from mien.tasks.pipeline import Analyzer
from tools.heads.features import largest_face
from tools.heads.mlp import Floats

_log = logging.getLogger(__name__)
_BATCH = 16


@dataclass(frozen=True)
class Expressions:
    """One row a picture in which a face was found: templates, shapes, probabilities, labels."""

    name: NDArray[np.str_]
    template: Floats
    shape: Floats
    probabilities: Floats
    label: NDArray[np.int64]

    @property
    def rows(self) -> Floats:
        """What the head reads, (N,1091)."""
        return np.hstack([self.template, self.shape, self.probabilities])


def read_expressions(folder: Path, cache: Path, *, step: int) -> Expressions:
    """Compute every ``step``-th picture of a FER2013 folder, or read them from ``cache`` (.npz)."""
    if not cache.is_file():
        cache.parent.mkdir(parents=True, exist_ok=True)
        computed = compute_expressions(sampled(folder, step))
        np.savez(cache, **{f.name: getattr(computed, f.name) for f in fields(computed)})
    with np.load(cache) as saved:
        return Expressions(**{field.name: saved[field.name] for field in fields(Expressions)})


def sampled(folder: Path, step: int) -> list[Path]:
    """Return every ``step``-th picture of each expression, in an order that mixes them."""
    paths = [path for name in EXPRESSIONS for path in sorted((folder / name).iterdir())[::step]]
    return sorted(paths, key=lambda path: hashlib.sha1(path.name.encode()).hexdigest())


def compute_expressions(paths: list[Path]) -> Expressions:
    """Run detection, mesh, embedding and the network on each picture's largest face."""
    analyzer = Analyzer(("embed",), threads=1)
    parts = []
    for start in range(0, len(paths), _BATCH):
        parts.append(_part(analyzer, paths[start : start + _BATCH]))
        if start % (100 * _BATCH) == 0:
            _log.info("%d of %d pictures", start, len(paths))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return Expressions(*columns)


def _part(analyzer: Analyzer, paths: list[Path]) -> tuple[NDArray[np.generic], ...]:
    images = [analyzer.read(path) for path in paths]
    analyses = [largest_face(analysis) for analysis in analyzer.run(images)]
    found = [path for path, a in zip(paths, analyses, strict=True) if len(a.found)]
    network = load(MODEL)
    size_wh = network.spec.preprocess.size_wh
    maps = [upright_maps(mesh, size_px=size_wh[0]) for mesh in meshes(analyses)]
    templates = [a.templates.vectors for a in analyses if a.templates is not None]
    return (
        np.array([path.name for path in found], dtype="U64"),
        np.concatenate(templates),
        shape_rows(all_meshes(analyses)),
        network(crop_faces(images, maps, size_wh))["probabilities"],
        np.array([EXPRESSIONS.index(path.parent.name) for path in found], np.int64),
    )
