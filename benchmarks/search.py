"""Search speed of the embedded gallery beside bare products, FAISS and usearch; open and erase.

``python -m benchmarks.search`` writes docs/search.md and docs/search.json. ``--sizes`` and
``--dimensions`` measure a part; what was measured before on the same processor stays in the tables
with its date. Rounds are interleaved, ratios formed within each round.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import usearch.index

from benchmarks.report import moment, say
from benchmarks.report import setting as machine
from benchmarks.search_page import add_size, read_previous, write
from mien.gallery import Origin, Subject
from mien.gallery.index_hnsw import HNSW_LEAST
from mien.gallery.sqlite import SqliteGallery
from mien.types import Templates

MODEL = "benchmark@00000000"
TOP = 10
BATCH = 64
#: References of each subject.
REFERENCES = 10
#: Larger matrices are measured in int8 alone: beside FAISS and bare products they are held three
#: times over.
LARGEST_FLOAT32_BYTES = 4 << 30
#: Before a side is timed, the threads of the one before have fallen asleep.
_PAUSE_S = 0.03
_ENROLLED_AT_ONCE = 20_000
Results = dict[str, Any]


@dataclass(frozen=True)
class Timed:
    """Seconds of each round of one side."""

    rounds_s: tuple[float, ...]

    def plain(self) -> dict[str, float]:
        return {
            "median_ms": 1e3 * float(np.median(self.rounds_s)),
            "least_ms": 1e3 * min(self.rounds_s),
            "most_ms": 1e3 * max(self.rounds_s),
        }


def unit_vectors(n: int, dimension: int, *, seed: int) -> np.ndarray:
    """Random directions, (n,D) float32: for int8 the hardest case, for exact search like any."""
    vectors = np.empty((n, dimension), np.float32)
    for low, part in streamed(n, dimension, seed=seed):
        vectors[low : low + len(part)] = part
    return vectors


def streamed(n: int, dimension: int, *, seed: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield first row and rows of the same vectors, never all at once."""
    rng = np.random.default_rng(seed)
    for low in range(0, n, 100_000):
        part = rng.standard_normal((min(100_000, n - low), dimension), dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
        yield low, part


def alike(n: int, dimension: int, *, seed: int) -> np.ndarray:
    """Unit vectors (n,D) float32, ten around each random direction: mated scores of about 0.7."""
    rng = np.random.default_rng(seed)
    vectors = np.repeat(rng.standard_normal((-(-n // REFERENCES), dimension), np.float32), 10, 0)[
        :n
    ]
    for low in range(0, n, 100_000):
        part = vectors[low : low + 100_000]
        part += 0.65 * rng.standard_normal(part.shape, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return vectors


def templates(vectors: np.ndarray) -> Templates:
    return Templates(vectors, np.ones(len(vectors), np.float32), MODEL)


def interleaved(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, Timed]:
    """Time every side once a round, each time the second of two calls after a pause."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            time.sleep(_PAUSE_S)
            side()
            start = time.perf_counter()
            side()
            seconds[name].append(time.perf_counter() - start)
    return {name: Timed(tuple(values)) for name, values in seconds.items()}


def ratio(one: Timed, *others: Timed) -> float:
    """Median over rounds of one side over the fastest of the others."""
    best = np.min([other.rounds_s for other in others], axis=0)
    return float(np.median(np.array(one.rounds_s) / best))


def build(folder: Path, parts: Iterator[tuple[int, np.ndarray]], key: bytes | None = None) -> float:
    """Enrol vectors, ten a subject; returns the seconds it took."""
    seconds = 0.0
    folder.mkdir()
    with SqliteGallery(folder, key=key) as gallery:
        for first, vectors in parts:
            start = time.perf_counter()
            for low in range(0, len(vectors), _ENROLLED_AT_ONCE):
                part = templates(vectors[low : low + _ENROLLED_AT_ONCE])
                rows = range(first + low, first + low + len(part))
                people = [Subject(f"person {row // REFERENCES}") for row in rows]
                where = [Origin(f"photos/{row}.jpg", f"{row:064x}") for row in rows]
                gallery.enrol(part, people, origins=where)
            seconds += time.perf_counter() - start
    return seconds


def opened(folder: Path, rounds: int, **options: Any) -> Timed:
    """Seconds from nothing to the first answer."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        with SqliteGallery(folder, **options) as gallery:
            gallery.search(templates(unit_vectors(1, gallery.dimension, seed=1)), TOP)
            seconds.append(time.perf_counter() - start)
    return Timed(tuple(seconds))


def erased(folder: Path, rounds: int, **options: Any) -> Timed:
    """Seconds to erase one subject of ten references, with an index in memory."""
    seconds = []
    with SqliteGallery(folder, **options) as gallery:
        gallery.search(templates(unit_vectors(1, gallery.dimension, seed=1)), TOP)
        last = gallery.count().subjects
        for subject_id in np.random.default_rng(0).choice(last, rounds, replace=False) + 1:
            start = time.perf_counter()
            gallery.delete(subject_id=int(subject_id))
            seconds.append(time.perf_counter() - start)
    return Timed(tuple(seconds))


def one_probe_sides(
    vectors: np.ndarray, exact: SqliteGallery, int8: SqliteGallery, flat: faiss.IndexFlatIP
) -> dict[str, Callable[[], object]]:
    """Sides that answer one probe; each round takes another one."""
    probes = unit_vectors(64, vectors.shape[1], seed=2)
    turn: Iterator[int] = iter(range(10**9))
    state = {"probe": probes[:1]}

    def matvec() -> object:
        state["probe"] = probes[[next(turn) % len(probes)]]
        return vectors @ state["probe"][0]

    def partitioned() -> object:
        scores = vectors @ state["probe"][0]
        best = np.argpartition(scores, -TOP)[-TOP:]
        return best[np.argsort(-scores[best])]

    return {
        "mat-vec": matvec,
        "mat-vec + argpartition": partitioned,
        "FAISS flat": lambda: flat.search(state["probe"], TOP),
        "usearch exact": lambda: usearch.index.search(
            vectors, state["probe"], TOP, usearch.index.MetricKind.IP, exact=True
        ),
        "mien float32": lambda: exact.search(templates(state["probe"]), TOP),
        "mien int8": lambda: int8.search(templates(state["probe"]), TOP),
    }


def batch_sides(
    vectors: np.ndarray, exact: SqliteGallery, int8: SqliteGallery, flat: faiss.IndexFlatIP
) -> dict[str, Callable[[], object]]:
    """Sides that answer 64 probes at once."""
    probes = unit_vectors(BATCH, vectors.shape[1], seed=3)
    scores = np.empty((BATCH, len(vectors)), np.float32)
    asked = templates(probes)
    return {
        "GEMM": lambda: np.matmul(probes, vectors.T, out=scores),
        "FAISS flat": lambda: flat.search(probes, TOP),
        "mien float32": lambda: exact.search(asked, TOP),
        "mien int8": lambda: int8.search(asked, TOP),
    }


def references(gallery: SqliteGallery, probes: np.ndarray) -> list[set[int]]:
    """Return the references that a gallery finds for each probe."""
    found = gallery.search(templates(probes), TOP)
    return [{candidate.reference_id for candidate in row} for row in found]


def recall(gallery: SqliteGallery, probes: np.ndarray, best: list[set[int]]) -> float:
    """Share of the exact top ten that a gallery finds."""
    pairs = zip(references(gallery, probes), best, strict=True)
    return float(np.mean([len(found & exact) / len(exact) for found, exact in pairs]))


def best_of_stream(probes: np.ndarray, n: int, dimension: int) -> list[set[int]]:
    """Return the exact top ten of each probe; references count from 1 in order of enrolment."""
    rows = np.zeros((len(probes), 0), np.int64)
    scores = np.zeros((len(probes), 0), np.float32)
    for first, part in streamed(n, dimension, seed=0):
        here = probes @ part.T
        best = np.argpartition(here, -TOP, axis=1)[:, -TOP:]
        rows = np.hstack([rows, best + first + 1])
        scores = np.hstack([scores, np.take_along_axis(here, best, axis=1)])
    best = np.argsort(-scores, axis=1)[:, :TOP]
    return [set(row.tolist()) for row in np.take_along_axis(rows, best, axis=1)]


def anonymous_mb() -> float:
    """Memory of this process that no file stands behind, in MB; NaN where it cannot be told."""
    status = Path("/proc/self/status")
    lines = status.read_text("utf-8").splitlines() if status.is_file() else []
    return next((int(line.split()[1]) / 1e3 for line in lines if "RssAnon" in line), float("nan"))


def measure(n: int, dimension: int, folder: Path, rounds: int) -> Results:
    """Measure everything at one size."""
    say(f"{n:,} x {dimension}: building")
    place = folder / "people"
    result: Results = {"n": n, "dimension": dimension}
    result["enrol_s"] = build(place, streamed(n, dimension, seed=0))
    result["bytes"] = sum(path.stat().st_size for path in place.iterdir())
    if 4 * n * dimension > LARGEST_FLOAT32_BYTES:
        result |= measure_int8(place, n, dimension, rounds)
    else:
        result |= measure_both(place, n, dimension, rounds)
    say(f"{n:,} x {dimension}: erasing")
    precision = "float32" if "open" in result else "int8"
    result["erase"] = erased(place, 15, precision=precision).plain()
    shutil.rmtree(place)
    if n == 1_000_000:
        say(f"{n:,} x {dimension}: encrypted")
        build(place, streamed(n, dimension, seed=0), bytes(32))
        result["open encrypted"] = opened(place, 3, key=bytes(32)).plain()
        shutil.rmtree(place)
    return result


def measure_both(place: Path, n: int, dimension: int, rounds: int) -> Results:
    """Measure float32 and int8 beside the others."""
    say(f"{n:,} x {dimension}: opening")
    result: Results = {"open": opened(place, 5).plain()}
    vectors = unit_vectors(n, dimension, seed=0)
    flat = faiss.IndexFlatIP(dimension)
    flat.add(vectors)
    with SqliteGallery(place) as exact, SqliteGallery(place, precision="int8") as int8:
        say(f"{n:,} x {dimension}: searching")
        for name, sides, times in (
            ("one", one_probe_sides(vectors, exact, int8, flat), rounds),
            ("batch", batch_sides(vectors, exact, int8, flat), max(3, rounds // 3)),
        ):
            found = interleaved(sides, times)
            result[name] = {side: timed.plain() for side, timed in found.items()}
            result[f"{name}_ratios"] = ratios(name, found)
        probes = unit_vectors(200, dimension, seed=4)
        result["recall"] = recall(int8, probes, references(exact, probes))
    return result


def measure_int8(place: Path, n: int, dimension: int, rounds: int) -> Results:
    """Measure int8 alone, where float32 would not fit; the exact answers are counted in parts."""
    say(f"{n:,} x {dimension}, int8 alone: opening")
    result: Results = {"open int8": opened(place, 1, precision="int8").plain()}
    before = anonymous_mb()
    with SqliteGallery(place, precision="int8") as int8:
        probes = unit_vectors(BATCH, dimension, seed=3)
        turn = iter(range(10**9))
        sides: dict[str, Callable[[], object]] = {
            "one": lambda: int8.search(templates(probes[[next(turn) % BATCH]]), TOP),
            "batch": lambda: int8.search(templates(probes), TOP),
        }
        say(f"{n:,} x {dimension}, int8 alone: searching")
        for name, side in sides.items():
            found = interleaved({"mien int8": side}, max(3, rounds // 3))
            result[name] = {"mien int8": found["mien int8"].plain()}
        result["memory_mb"] = anonymous_mb() - before
        result["recall"] = recall(int8, probes, best_of_stream(probes, n, dimension))
    return result


def measure_graph(n: int, dimension: int, folder: Path, rounds: int, *, random: bool) -> Results:
    """Measure the graph index beside comparing everything."""
    kind = "random" if random else "ten alike"
    say(f"{n:,} x {dimension}: graph, {kind}")
    vectors = (unit_vectors if random else alike)(n, dimension, seed=0)
    place = folder / "graph"
    build(place, iter([(0, vectors)]))
    start = time.perf_counter()
    with SqliteGallery(place, index="hnsw") as graph, SqliteGallery(place) as exact:
        info = graph.index_info()
        result: Results = {"n": n, "dimension": dimension, "vectors": kind}
        result |= {"open_s": time.perf_counter() - start, "recall": info.recall}
        probes = templates(vectors[:: n // BATCH][:BATCH])
        turn = iter(range(10**9))
        state = {"probe": probes[:1]}

        def other_probe() -> object:
            state["probe"] = probes[[next(turn) % len(probes)]]
            return graph.search(state["probe"], TOP)

        sides: dict[str, Callable[[], object]] = {
            "one": other_probe,
            "exact": lambda: exact.search(state["probe"], TOP),
            "batch": lambda: graph.search(probes, TOP),
        }
        found = interleaved(sides, rounds)
        result |= {side: timed.plain() for side, timed in found.items()}
    shutil.rmtree(place)
    return result


def ratios(name: str, found: dict[str, Timed]) -> dict[str, float]:
    """The ratios that were promised."""
    exact, int8 = found["mien float32"], found["mien int8"]
    if name == "batch":
        return {"float32 / GEMM": ratio(exact, found["GEMM"])}
    return {
        "float32 / faster of mat-vec + argpartition and FAISS flat": ratio(
            exact, found["mat-vec + argpartition"], found["FAISS flat"]
        ),
        "float32 / int8": ratio(exact, int8),
    }


def limits() -> dict[str, float]:
    """What this machine can do: reading memory, and products of large matrices."""
    halves = np.ones((2, 1 << 27), np.float32)
    square = np.ones((4096, 4096), np.float32)
    with ThreadPoolExecutor(2) as pool:
        found = interleaved(
            {
                "read": lambda: list(pool.map(np.max, halves)),
                "product": lambda: square @ square,
            },
            5,
        )
    return {
        "read_gb_s": halves.nbytes / min(found["read"].rounds_s) / 1e9,
        "gemm_gflop_s": 2 * 4096**3 / min(found["product"].rounds_s) / 1e9,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    sizes = [10_000, 100_000, 1_000_000, 4_000_000]
    parser.add_argument("--sizes", type=int, nargs="*", default=sizes)
    parser.add_argument("--dimensions", type=int, nargs="+", default=[128, 512])
    parser.add_argument("--graphs", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--out", type=Path, default=Path("docs/search.md"))
    parser.add_argument("--folder", type=Path, help="where galleries are made; default: temporary")
    return parser.parse_args()


def main() -> None:
    if "OMP_WAIT_POLICY" not in os.environ:
        # Read when FAISS is loaded: its waiting threads sleep, where they would keep a core from
        # the next side (and cost FAISS itself whole ticks of the scheduler).
        again = [sys.executable, "-m", "benchmarks.search", *sys.argv[1:]]
        os.execve(sys.executable, again, os.environ | {"OMP_WAIT_POLICY": "passive"})
    options = arguments()
    options.threads = faiss.omp_get_max_threads()
    about = machine(options, 0)
    names = ("mien", "numpy", "numkong", "usearch", "faiss-cpu")
    about["versions"] = {name: version(name) for name in names}
    results = read_previous(options.out, about)
    results["limits"] = limits()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for dimension in options.dimensions:
            for n in options.sizes:
                size = measure(n, dimension, Path(folder), options.rounds)
                add_size(results, "sizes", size | {"measured": moment()})
                write(options.out, results)
            for n in options.graphs:
                # A graph of a million random vectors takes an hour, and shows nothing more.
                for random in (False, True) if n == HNSW_LEAST else (False,):
                    graph = measure_graph(n, dimension, Path(folder), options.rounds, random=random)
                    add_size(results, "graphs", graph | {"measured": moment()})
                    write(options.out, results)
    say(f"written: {options.out}")


if __name__ == "__main__":
    main()
