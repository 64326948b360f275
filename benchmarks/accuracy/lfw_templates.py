"""One template for each LFW picture that the pairs name, computed once and kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien import Analyzer
from mien.data import Pairs
from mien.data.lfw import Lfw
from mien.errors import NoFaceError
from mien.recognition.verify import one_template

CACHE = Path(".cache/accuracy")


@dataclass(frozen=True)
class LfwTemplates:
    """``vectors (M,D)`` of M pictures, ``found (M,)``, ``names (M,)`` and the ``pairs``."""

    vectors: np.ndarray
    found: np.ndarray
    names: np.ndarray
    pairs: Pairs
    model_id: str

    def scores(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the comparison score of every pair, and whether both faces were found."""
        row = {name: index for index, name in enumerate(self.names)}
        left = np.array([row[name] for name in self.pairs.first])
        right = np.array([row[name] for name in self.pairs.second])
        scores = (self.vectors[left] * self.vectors[right]).sum(axis=1)
        return scores, self.found[left] & self.found[right]

    def pictures_of_folds(self, folds: tuple[int, ...]) -> np.ndarray:
        """Return the rows of all pictures that the pairs of these folds (from 1) name."""
        here = np.isin(self.pairs.fold + 1, folds)
        names = np.union1d(self.pairs.first[here], self.pairs.second[here])
        return np.flatnonzero(np.isin(self.names, names))


def lfw_templates(data: Path, **options: object) -> LfwTemplates:
    """Embed the central face, which LFW names, of each picture with the options of Analyzer."""
    root = data / "lfw"
    pairs = Lfw(root).pairs()
    names = np.unique(np.concatenate([pairs.first, pairs.second]))
    analyzer = Analyzer(("embed",), **options)
    models = " ".join(spec.model_id for spec in analyzer.models)
    key = hashlib.sha256(f"central {models} {analyzer.options} {names}".encode()).hexdigest()[:12]
    path = CACHE / f"lfw-{key}.npz"
    if not path.is_file():
        _embed(analyzer, [root / name for name in names], path)
    saved = np.load(path)
    return LfwTemplates(saved["vectors"], saved["found"], names, pairs, str(saved["model_id"]))


def _embed(analyzer: Analyzer, paths: list[Path], target: Path) -> None:
    rows, found, model_id = [], [], ""
    for analysis in analyzer.analyze_many(paths):
        try:
            template = one_template(analysis, choose="central")
        except NoFaceError:
            rows.append(None)
            found.append(False)
            continue
        model_id = template.model_id
        rows.append(template.vectors[0])
        found.append(True)
    dimension = next(len(row) for row in rows if row is not None)
    vectors = np.stack([np.zeros(dimension, np.float32) if row is None else row for row in rows])
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez(target, vectors=vectors, found=np.array(found), model_id=model_id)
