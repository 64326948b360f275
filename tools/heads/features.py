"""What heads read of every labelled picture, computed by the pipeline that users run."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.models import load
from mien.tasks.age import MODEL as AGE_MODEL
from mien.tasks.gender import MODEL as GENDER_MODEL
from mien.tasks.head import run_aligned
from mien.tasks.one_face import largest_face
from mien.tasks.pipeline import Analyzer
from tools.heads.mlp import Floats

_log = logging.getLogger(__name__)
_BATCH = 16


@dataclass(frozen=True)
class Features:
    """One row a picture; rows of pictures without a face (``found`` False) are zero.

    ``template (N,128)`` unit, mirrored average; the probabilities (N,81) and (N,2) are those of
    the networks of the main distribution.
    """

    name: NDArray[np.str_]
    found: NDArray[np.bool_]
    template: Floats
    age_probabilities: Floats
    gender_probabilities: Floats

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Features:
        """Return the chosen rows."""
        return Features(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @property
    def years(self) -> Floats:
        """Age (N,) in years."""
        return self._labels[:, 0].astype(np.float32)

    @property
    def gender(self) -> NDArray[np.int64]:
        """Index (N,) into GENDERS, which is the other way round in UTKFace."""
        return 1 - self._labels[:, 1]

    @property
    def ancestry(self) -> NDArray[np.int64]:
        """Index (N,) into ANCESTRIES, UTKFace's own order."""
        return self._labels[:, 2]

    @property
    def age_rows(self) -> Floats:
        """What the age head reads, (N,209)."""
        return np.hstack([self.template, self.age_probabilities])

    @property
    def gender_rows(self) -> Floats:
        """What the gender head reads, (N,130)."""
        return np.hstack([self.template, self.gender_probabilities])

    @property
    def ancestry_rows(self) -> Floats:
        """What the ancestry head reads, (N,128)."""
        return self.template

    @property
    def _labels(self) -> NDArray[np.int64]:
        return np.array([[int(part) for part in name.split("_")[:3]] for name in self.name])

    @property
    def reported(self) -> NDArray[np.bool_]:
        """Pictures that nothing is fitted on: a fifth, by the hash of the file's name."""
        return np.array([in_report_split(name) for name in self.name])


def in_report_split(name: str) -> bool:
    """Tell whether a picture is one to report on and never to fit to."""
    return int(hashlib.sha1(name.encode()).hexdigest(), 16) % 5 == 0


def read_features(folder: Path, cache: Path) -> Features:
    """Compute the features of a folder of pictures, or read them from ``cache`` (.npz)."""
    if not cache.is_file():
        cache.parent.mkdir(parents=True, exist_ok=True)
        features = compute_features(sorted(folder.glob("*.jpg")))
        np.savez(cache, **{f.name: getattr(features, f.name) for f in fields(features)})
    with np.load(cache) as saved:
        return Features(**{field.name: saved[field.name] for field in fields(Features)})


def compute_features(paths: list[Path]) -> Features:
    """Run detection, mesh, embedding and both networks on each picture's largest face."""
    analyzer = Analyzer(("detect", "landmarks", "embed"), threads=1)
    parts = []
    for start in range(0, len(paths), _BATCH):
        parts.append(_part(analyzer, paths[start : start + _BATCH]))
        if start % (100 * _BATCH) == 0:
            _log.info("%d of %d pictures", start, len(paths))
    columns = zip(*parts, strict=True)
    names = np.array([path.name for path in paths])
    return Features(names, *(np.concatenate(column) for column in columns))


def _part(analyzer: Analyzer, paths: list[Path]) -> tuple[NDArray[np.bool_], *tuple[Floats, ...]]:
    images = [analyzer.read(path) for path in paths]
    analyses = [largest_face(analysis) for analysis in analyzer.run(images)]
    found = np.array([len(analysis.found) == 1 for analysis in analyses])
    templates = [a.templates.vectors for a in analyses if a.templates is not None]
    columns = [np.concatenate(templates)]
    for name in (AGE_MODEL, GENDER_MODEL):
        columns.append(run_aligned(load(name), images, analyses)["probabilities"])
    return found, *(_spread_out(column, found) for column in columns)


def _spread_out(rows: Floats, found: NDArray[np.bool_]) -> Floats:
    """Put rows where a face was found and zeros elsewhere."""
    result = np.zeros((len(found), rows.shape[1]), np.float32)
    result[found] = rows
    return result
