"""What a billion templates would take: approximate indexes measured, the rest computed.

``python -m benchmarks.scale --data ../shared/data`` writes docs/scale.json and docs/scale.md. It
reads docs/search.json and docs/benchmarks.json, whose commands are named beside their numbers.

Vectors are synthetic: people and their pictures drawn from normal distributions whose covariances
are those of the default model's templates of LFW folds 1-3. How their scores are distributed is
measured beside those of folds 4-5.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from benchmarks.accuracy.lfw_templates import LfwTemplates, lfw_templates
from benchmarks.report import moment, say
from benchmarks.report import setting as machine
from benchmarks.scale_page import page
from mien.gallery import Subject, open_gallery
from mien.types import Templates

#: References of a person; probes, all of people who are there.
REFERENCES, N_PROBES, TOP = 10, 300, 10
#: Probes that are timed, one by one.
_TIMED = 50
_TRAINED_ON, _PQ_TRAINED_ON = 200_000, 20_000
Results = dict[str, Any]
Kinds = dict[str, tuple[str, str, tuple[int, ...], float]]


@dataclass(frozen=True)
class Faces:
    """The distribution of templates: a mean, and how people and pictures differ from it."""

    mean: np.ndarray
    between: np.ndarray
    within: np.ndarray

    @classmethod
    def of(cls, templates: LfwTemplates, folds: tuple[int, ...]) -> Faces:
        vectors, people = people_of(templates, folds)
        names, person, n = np.unique(people, return_inverse=True, return_counts=True)
        centres = np.stack([vectors[person == one].mean(axis=0) for one in range(len(names))])
        several = n[person] > 1
        # A mean over n pictures has lost one n-th of their scatter.
        rest = (vectors - centres[person])[several] * np.sqrt(n / np.maximum(n - 1, 1))[person][
            several, None
        ]
        within = rest.T @ rest / len(rest)
        spread = centres - centres.mean(axis=0)
        between = spread.T @ spread / len(spread) - within * (1 / n).mean()
        return cls(centres.mean(axis=0), _root(between), _root(within))

    def people(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.mean + _normal(n, len(self.mean), rng) @ self.between

    def pictures(self, people: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        made = (people + _normal(len(people), len(self.mean), rng) @ self.within).astype(np.float32)
        return made / np.linalg.norm(made, axis=1, keepdims=True)


def people_of(templates: LfwTemplates, folds: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    rows = templates.pictures_of_folds(folds)
    rows = rows[templates.found[rows]]
    people = np.array([str(templates.names[row]).split("/")[0] for row in rows])
    return templates.vectors[rows].astype(float), people


def _normal(n: int, dimension: int, rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((n, dimension), dtype=np.float32)


def _root(covariance: np.ndarray) -> np.ndarray:
    values, axes = np.linalg.eigh(covariance)
    return ((np.sqrt(np.maximum(values, 0)) * axes) @ axes.T).astype(np.float32)


def gallery_of(faces: Faces, n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n vectors, ten a person, and probes: one more picture of some of these people."""
    rng = np.random.default_rng(seed)
    vectors = np.empty((n, len(faces.mean)), np.float32)
    asked = []
    for low in range(0, n, 100_000):
        high = min(low + 100_000, n)
        people = faces.people(-(-(high - low) // REFERENCES), rng)
        vectors[low:high] = faces.pictures(np.repeat(people, REFERENCES, axis=0)[: high - low], rng)
        asked.append(people[: -(-N_PROBES * (high - low) // n)])
    return vectors, faces.pictures(np.concatenate(asked)[:N_PROBES], rng)


def score_distributions(templates: LfwTemplates, faces: Faces) -> Results:
    """Compare scores of synthetic pictures with those of LFW's folds 4-5."""
    vectors, people = people_of(templates, (4, 5))
    same = people[:, None] == people[None]
    above = np.triu(np.ones_like(same), 1)
    scores = vectors @ vectors.T
    rng = np.random.default_rng(1)
    one = np.repeat(faces.people(2000, rng), 2, axis=0)
    made = faces.pictures(one, rng)
    synthetic = made @ made.T
    pairs = np.arange(len(made)) // 2
    twins = pairs[:, None] == pairs[None]
    upper = np.triu(np.ones_like(twins), 1)
    groups = {
        "LFW folds 4-5, mated": scores[same & above],
        "synthetic, mated": synthetic[twins & upper],
        "LFW folds 4-5, non-mated": scores[~same & above],
        "synthetic, non-mated": synthetic[~twins & upper],
    }
    return {
        name: {
            "n": len(found),
            "mean": float(found.mean()),
            "sd": float(found.std()),
            "percentiles": np.percentile(found, (1, 50, 99)).tolist(),
        }
        for name, found in groups.items()
    }


def lists_of(n: int) -> int:
    """Return how many lists FAISS advises: about 4 sqrt(n), as a power of two."""
    return 1 << int(np.round(np.log2(4 * np.sqrt(n))))


def inverted(n: int, dimension: int) -> Kinds:
    """Name, FAISS factory string, what is turned at search, its values, bytes a vector."""
    lists = lists_of(n)
    return {
        f"IVF{lists}, float32": (f"IVF{lists},Flat", "nprobe", (1, 4, 16, 64, 256), 4 * dimension),
        f"IVF{lists}, int8": (f"IVF{lists},SQ8", "nprobe", (16, 64, 256), dimension),
    }


def quantised(n: int, dimension: int) -> Kinds:
    """Return product quantisers of 8 bits on 2 and 4 dimensions, behind inverted lists."""
    lists = lists_of(n)
    return {
        f"IVF{lists}, PQ {n_bytes} bytes": (f"IVF{lists},PQ{n_bytes}", "nprobe", (64, 256), n_bytes)
        for n_bytes in (dimension // 2, dimension // 4)
    }


def graph(n: int, dimension: int) -> Kinds:
    """Return the graph index: links of 32 neighbours (64 in the lowest layer) beside vectors."""
    return {"HNSW32, float32": ("HNSW32", "efSearch", (32, 128, 512), 4 * dimension + 64 * 4)}


def measured(
    vectors: np.ndarray,
    probes: np.ndarray,
    kinds: Kinds,
) -> list[Results]:
    n, dimension = vectors.shape
    exact = faiss.IndexFlatIP(dimension)
    exact.add(vectors)
    _, truth = exact.search(probes, TOP)
    rows = []
    for name, (recipe, knob, values, n_bytes) in kinds.items():
        index = faiss.index_factory(dimension, recipe, faiss.METRIC_INNER_PRODUCT)
        if recipe.startswith("HNSW"):
            index.hnsw.efConstruction = 100
        start = time.perf_counter()
        if not index.is_trained:
            most = _PQ_TRAINED_ON if "PQ" in recipe else _TRAINED_ON
            chosen = np.random.default_rng(0).permutation(n)[: max(most, 40 * lists_of(n))]
            index.train(vectors[np.sort(chosen)])
        index.add(vectors)
        build_s = time.perf_counter() - start
        for value in values:
            if knob:
                faiss.ParameterSpace().set_index_parameter(index, knob, value)
            start = time.perf_counter()
            found = np.concatenate([index.search(probes[[row]], TOP)[1] for row in range(_TIMED)])
            each_s = (time.perf_counter() - start) / _TIMED
            _, rest = index.search(probes[_TIMED:], TOP)
            found = np.concatenate([found, rest])
            hits = (found[:, :, None] == truth[:, None, :]).any(axis=1)
            rows.append(
                {
                    "index": name,
                    "n": n,
                    "dimension": dimension,
                    "setting": f"{knob} {value}" if knob else "",
                    "bytes": n_bytes,
                    "build_s": build_s,
                    "ms": 1e3 * each_s,
                    "recall_10": float(hits.mean()),
                    "recall_1": float((found == truth[:, :1]).any(axis=1).mean()),
                }
            )
            say(f"  {name} {rows[-1]['setting']}: {rows[-1]['recall_10']:.4f}")
    return rows


def milvus_lite(vectors: np.ndarray, probes: np.ndarray) -> Results:
    """Enrol, search and erase through the Milvus store, in Milvus Lite."""
    model, n = "benchmark@00000000", len(vectors)
    with tempfile.TemporaryDirectory() as folder:
        gallery = open_gallery(f"milvus:{folder}/scale.db")
        start = time.perf_counter()
        for low in range(0, n, 2000):
            part = vectors[low : low + 2000]
            people = [Subject(str(row // REFERENCES)) for row in range(low, low + len(part))]
            gallery.enrol(Templates(part, np.ones(len(part), np.float32), model), people)
        enrol_s = time.perf_counter() - start
        asked = Templates(probes[:50], np.ones(50, np.float32), model)
        start = time.perf_counter()
        gallery.search(asked, TOP, policy="max")
        search_s = (time.perf_counter() - start) / len(asked)
        start = time.perf_counter()
        gallery.delete(subject_id=1)
        delete_s = time.perf_counter() - start
        gallery.close()
    return {
        "n": n,
        "enrol_a_second": n / enrol_s,
        "search_ms": 1e3 * search_s,
        "delete_ms": 1e3 * delete_s,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("docs"))
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--n-pq", type=int, default=1_000_000)
    parser.add_argument("--n-hnsw", type=int, default=1_000_000)
    parser.add_argument("--n-milvus", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--page-only", action="store_true", help="write the page again")
    options = parser.parse_args()
    target = options.out / "scale.json"
    if not options.page_only:
        results = measure(options, target)
        target.write_text(json.dumps(results, indent=1) + "\n")
    inputs = [
        json.loads((options.out / name).read_text())
        for name in ("scale.json", "search.json", "benchmarks.json")
    ]
    (options.out / "scale.md").write_text(page(*inputs))


def measure(options: argparse.Namespace, target: Path) -> Results:
    """Measure the parts whose number of vectors is not 0; the others are kept as they were."""
    faiss.omp_set_num_threads(options.threads)
    results: Results = json.loads(target.read_text()) if target.is_file() else {"rows": []}
    templates = lfw_templates(options.data)
    faces = Faces.of(templates, (1, 2, 3))
    results["scores"] = score_distributions(templates, faces)
    parts = {"IVF": (options.n, inverted), "PQ": (options.n_pq, quantised)}
    parts["HNSW"] = (options.n_hnsw, graph)
    for part, (n, kinds) in parts.items():
        if n == 0:
            continue
        say(part)
        vectors, probes = gallery_of(faces, n, seed=0)
        rows = measured(vectors, probes, kinds(n, vectors.shape[1]))
        kept = [row for row in results["rows"] if part_of(row) != part]
        results["rows"] = kept + rows
        target.write_text(json.dumps(results))
    if options.n_milvus:
        say("Milvus Lite")
        vectors, probes = gallery_of(faces, options.n_milvus, seed=0)
        results["milvus"] = milvus_lite(vectors, probes)
    options.rounds = 1
    results["setting"] = machine(options, N_PROBES)
    results["measured"] = moment()
    return results


def part_of(row: Results) -> str:
    """Tell which part of the benchmark measured a row."""
    return "PQ" if "PQ" in row["index"] else row["index"][:3].replace("HNS", "HNSW")


if __name__ == "__main__":
    main()
