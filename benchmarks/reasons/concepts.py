"""Do named concepts explain what a model says, and the units of its templates?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.accuracy.rows import Row
from benchmarks.reasons.figures import estimate, mean
from mien.data.utkface import UtkFace
from mien.explain.concepts.columns import Concepts, concepts_of
from mien.explain.concepts.fitting import Sparse, Tree, fit_sparse, fit_tree
from mien.recognition.verify import chosen_row
from mien.tasks.verbs import analyzer
from mien.types import Faces

TITLE = "Concepts: sparse sums and small trees"
PROTOCOL = (
    "UTKFace: fitted on pictures whose file name's SHA-1 does not divide by 5, reported on the "
    "others, evenly spread over the sorted names; the largest face. Concepts: age, gender and "
    "ancestry as people labelled them, and what mien measures without the recogniser: pose, eye "
    "and mouth openness, components of quality, skin tone, lighting. Targets: all 128 units of the "
    "template; its score against the mean template of the fitting pictures (how typical); and the "
    "readings of the heads, whose own column is no concept. R² over reported pictures; 'explained' "
    "where its interval begins at .5 or more, 'not explained' where it includes 0. Weights: "
    "standard deviations of the target for one of the concept."
)
_FIT, _REPORT = 900, 450
_TASKS = ("gaze", "quality", "skin_tone", "lighting", "age", "gender", "expression", "embed")
#: Readings that are made from the template are targets here, never concepts.
_READINGS = ("apparent_age", "apparent_gender", "expression")
_TARGETS = ("apparent_age", "apparent_gender:female", "expression:happy")


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    table: Concepts
    vectors: np.ndarray


def measure(data: Path, *, scale: float = 1.0) -> tuple[list[Row], list[str]]:
    """Fit both descriptions of every target."""
    n_fit, n_report = (max(60, round(n * scale)) for n in (_FIT, _REPORT))
    both = _read(data, n_fit, n_report)
    fit, other = both
    concepts = [one.table.without(*_READINGS) for one in both]
    middle = fit.vectors.mean(axis=0)
    targets = {"likeness to the mean template": [one.vectors @ middle for one in both]}
    for name in _TARGETS:
        column = fit.table.names.index(name)
        targets[name] = [one.table.values[:, column] for one in both]
    rows: list[Row] = []
    notes: list[str] = []
    for name, scores in targets.items():
        sparse = fit_sparse(concepts[0], scores[0], concepts[1], scores[1])
        tree = fit_tree(concepts[0], scores[0], concepts[1], scores[1])
        rows += _rows(name, sparse, tree)
        notes.append(_note(name, sparse, tree))
    units = [
        fit_sparse(concepts[0], fit.vectors[:, unit], concepts[1], other.vectors[:, unit])
        for unit in range(fit.vectors.shape[1])
    ]
    rows.append(
        mean("units of the template: R²", [one.r2.value for one in units], note="over units")
    )
    verdicts = [one.verdict for one in units]
    for said in ("explained", "partly explained", "not explained"):
        count = float(verdicts.count(said))
        rows.append(Row(what=f"units of the template: {said}", value=count, n=len(units)))
    best = max(range(len(units)), key=lambda unit: units[unit].r2.value)
    notes.append(
        f"The best explained unit is {best} (R² {units[best].r2.value:.3f}): {_sum(units[best])}."
    )
    return rows, notes


def _rows(name: str, sparse: Sparse, tree: Tree) -> list[Row]:
    return [
        estimate(f"{name}: R², {len(sparse.weights)} concepts", sparse.r2, note=sparse.verdict),
        estimate(f"{name}: fidelity of a tree", tree.fidelity, note=tree.verdict),
    ]


def _note(name: str, sparse: Sparse, tree: Tree) -> str:
    important = ", ".join(
        f"{concept} {value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"
        for concept, value in tree.importance[:4]
    )
    return f"{name}: {_sum(sparse)}; loss of the tree's R² without {important}."


def _sum(sparse: Sparse) -> str:
    return ", ".join(f"{weight:+.2f} {concept}" for concept, weight in sparse.weights)


def _read(data: Path, n_fit: int, n_report: int) -> list[_Part]:
    dataset = UtkFace(data / "utkface")
    rows, vectors, labels, sizes = [], [], [], []
    for split, n in (("fit", n_fit), ("report", n_report)):
        samples = list(dataset.samples(split))
        samples = [samples[place] for place in np.linspace(0, len(samples) - 1, n).astype(int)]
        analyses = analyzer(_TASKS, threads=1).analyze_many([one.path for one in samples])
        found = 0
        for sample, analysis in zip(samples, analyses, strict=True):
            if analysis.templates is None or not len(analysis.found):
                continue
            row = chosen_row(analysis.found, "largest")
            rows.append(_measured(analysis.found[[row]]))
            vectors.append(analysis.templates.vectors[row])
            labels.append(sample.labels)
            found += 1
        sizes.append(found)
    table = _labelled(concepts_of(rows), labels)
    cut = sizes[0]
    return [
        _Part(table[part], np.array(vectors)[part]) for part in (slice(0, cut), slice(cut, None))
    ]


def _measured(faces: Faces) -> Faces:
    """Leave out how well the mesh fits, which is no concept of a face."""
    kept = {name: one for name, one in faces.attributes.items() if name != "face_presence"}
    return Faces(faces.image_size_wh, faces.boxes, faces.detection_score, {}, kept)


def _labelled(table: Concepts, labels: list[dict]) -> Concepts:
    ancestries = sorted({str(one["apparent_ancestry"]) for one in labels})
    columns = {
        "labelled age": [one["apparent_age"] for one in labels],
        "labelled female": [one["apparent_gender"] == "female" for one in labels],
        **{
            f"labelled {name}": [one["apparent_ancestry"] == name for one in labels]
            for name in ancestries
        },
    }
    values = np.column_stack([table.values, *columns.values()]).astype(np.float32)
    return Concepts((*table.names, *columns), values)
