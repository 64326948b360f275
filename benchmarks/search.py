"""Search speed of the embedded gallery beside bare products, FAISS and usearch; open and erase.

``python -m benchmarks.search`` writes docs/search.md and docs/search.json; ``--large`` adds four
million vectors in int8. Every number of a table comes from one process and one run: rounds are
interleaved, ratios formed within each round.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import usearch.index

from benchmarks.growth_plot import log_plot
from benchmarks.report import moment, say, table
from benchmarks.report import setting as machine
from mien.gallery import Origin, Subject
from mien.gallery.sqlite import SqliteGallery
from mien.types import Templates

MODEL = "benchmark@00000000"
TOP = 10
BATCH = 64
#: References of each subject.
REFERENCES = 10
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
    rng = np.random.default_rng(seed)
    vectors = np.empty((n, dimension), np.float32)
    for low in range(0, n, 100_000):
        part = vectors[low : low + 100_000]
        part[:] = rng.standard_normal(part.shape, dtype=np.float32)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return vectors


def templates(vectors: np.ndarray) -> Templates:
    return Templates(vectors, np.ones(len(vectors), np.float32), MODEL)


def interleaved(sides: dict[str, Callable[[], object]], rounds: int) -> dict[str, Timed]:
    """Time every side once a round, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            start = time.perf_counter()
            side()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return {name: Timed(tuple(values)) for name, values in seconds.items()}


def ratio(one: Timed, *others: Timed) -> float:
    """Median over rounds of one side over the fastest of the others."""
    best = np.min([other.rounds_s for other in others], axis=0)
    return float(np.median(np.array(one.rounds_s) / best))


def build(folder: Path, vectors: np.ndarray, key: bytes | None = None) -> float:
    """Enrol vectors, ten a subject; returns the seconds it took."""
    start = time.perf_counter()
    folder.mkdir()
    with SqliteGallery(folder, key=key) as gallery:
        for low in range(0, len(vectors), _ENROLLED_AT_ONCE):
            rows = range(low, min(low + _ENROLLED_AT_ONCE, len(vectors)))
            people = [Subject(f"person {row // REFERENCES}") for row in rows]
            where = [Origin(f"photos/{row}.jpg", f"{row:064x}") for row in rows]
            gallery.enrol(templates(vectors[rows.start : rows.stop]), people, origins=where)
    return time.perf_counter() - start


def opened(folder: Path, rounds: int, **options: Any) -> Timed:
    """Seconds from nothing to the first answer."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        with SqliteGallery(folder, **options) as gallery:
            gallery.search(templates(unit_vectors(1, gallery.dimension, seed=1)), TOP)
            seconds.append(time.perf_counter() - start)
    return Timed(tuple(seconds))


def erased(folder: Path, rounds: int) -> Timed:
    """Seconds to erase one subject of ten references, with an index in memory."""
    seconds = []
    with SqliteGallery(folder) as gallery:
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


def recall(one: SqliteGallery, other: SqliteGallery, dimension: int) -> float:
    """Share of the exact top ten that int8 finds, over 200 probes."""
    probes = templates(unit_vectors(200, dimension, seed=4))
    found = [
        [{candidate.reference_id for candidate in row} for row in gallery.search(probes, TOP)]
        for gallery in (one, other)
    ]
    return float(np.mean([len(a & b) / len(a) for a, b in zip(*found, strict=True)]))


def measure(n: int, dimension: int, folder: Path, rounds: int) -> Results:
    """Measure everything at one size."""
    say(f"{n:,} x {dimension}: building")
    vectors = unit_vectors(n, dimension, seed=0)
    place = folder / "people"
    result: Results = {"n": n, "dimension": dimension, "enrol_s": build(place, vectors)}
    result["bytes"] = sum(path.stat().st_size for path in place.iterdir())
    say(f"{n:,} x {dimension}: opening")
    result["open"] = opened(place, 3).plain()
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
        result["recall"] = recall(exact, int8, dimension)
    result["erase"] = erased(place, 15).plain()
    shutil.rmtree(place)
    if n >= 1_000_000:
        say(f"{n:,} x {dimension}: encrypted")
        build(place, vectors, bytes(32))
        result["open encrypted"] = opened(place, 3, key=bytes(32)).plain()
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


def measure_large(n: int, dimension: int, folder: Path, rounds: int) -> Results:
    """Measure int8 alone, where float32 would not fit."""
    say(f"{n:,} x {dimension}, int8 only: building")
    place = folder / "large"
    place.mkdir()
    enrolled_s = 0.0
    with SqliteGallery(place) as gallery:
        for low in range(0, n, 100_000):
            vectors = unit_vectors(min(100_000, n - low), dimension, seed=low)
            start = time.perf_counter()
            for row in range(0, len(vectors), _ENROLLED_AT_ONCE):
                part = templates(vectors[row : row + _ENROLLED_AT_ONCE])
                people = [
                    Subject(f"person {(low + row + i) // REFERENCES}") for i in range(len(part))
                ]
                gallery.enrol(part, people)
            enrolled_s += time.perf_counter() - start
    result: Results = {"n": n, "dimension": dimension, "enrol_s": enrolled_s}
    result["open"] = opened(place, 1, precision="int8").plain()
    with SqliteGallery(place, precision="int8") as int8:
        probe = templates(unit_vectors(1, dimension, seed=5))
        found = interleaved({"mien int8": lambda: int8.search(probe, TOP)}, rounds)
        result["one"] = {name: timed.plain() for name, timed in found.items()}
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    shutil.rmtree(place)
    return result


def limits() -> dict[str, float]:
    """What this machine can do: reading memory, and products of large matrices."""
    long = np.ones(1 << 28, np.float32)
    square = np.ones((4096, 4096), np.float32)
    found = interleaved({"read": lambda: long @ long, "product": lambda: square @ square}, 5)
    return {
        "read_gb_s": long.nbytes / min(found["read"].rounds_s) / 1e9,
        "gemm_gflop_s": 2 * 4096**3 / min(found["product"].rounds_s) / 1e9,
    }


def spread(timed: dict[str, float]) -> str:
    digits = 0 if timed["median_ms"] >= 100 else 2
    return (
        f"{timed['median_ms']:.{digits}f} ({timed['least_ms']:.{digits}f} to "
        f"{timed['most_ms']:.{digits}f})"
    )


def markdown(results: Results) -> str:
    """The whole page."""
    about, limit = results["setting"], results["limits"]
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    parts = [
        f"""# Search

Written by `python -m benchmarks.search`; do not edit. Measured {results["measured"]}.

{about["cpu"]}, {about["cores"]} cores; {about["system"]}, Python {about["python"]}, {versions}. It
reads {limit["read_gb_s"]:.0f} GB/s and multiplies matrices at {limit["gemm_gflop_s"]:.0f} GFLOP/s.

Random unit vectors, ten references a subject, the ten best references asked for. mien answers
through `Gallery.search`: the check for changes, exact scores and ranking included. Milliseconds are
medians (least to most) over interleaved rounds; ratios are medians of the ratios of each round. The
limit is the time to read the vectors once, and for {BATCH} probes that of their products, at the
speeds above."""
    ]
    for name, title in (("one", "One probe"), ("batch", f"{BATCH} probes at once")):
        parts += [f"## {title}", searches(results, name, limit)]
    parts += ["## Opening, erasing, enrolling", stores(results["sizes"])]
    parts += ["## Growth", "![Milliseconds of one probe as vectors grow](images/search.svg)"]
    if "large" in results:
        parts += ["## int8 alone", large(results["large"])]
    return "\n\n".join(parts) + "\n"


def growth(results: Results) -> str:
    """The plot: one probe, float32 and int8, beside reading the vectors once."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for size in results["sizes"]:
        d, n = size["dimension"], size["n"]
        for side in ("mien float32", "mien int8"):
            point = (n, size["one"][side]["median_ms"])
            lines.setdefault(f"{side}, {d} numbers", []).append(point)
        limit_ms = 4 * n * d / results["limits"]["read_gb_s"] / 1e6
        lines.setdefault(f"limit float32, {d} numbers", []).append((n, limit_ms))
    return log_plot(lines, x_title="vectors", y_title="ms a probe")


def searches(results: Results, name: str, limit: dict[str, float]) -> str:
    sizes = results["sizes"]
    sides = list(sizes[0][name])
    names = list(sizes[0][f"{name}_ratios"])
    header = ["vectors", "limit ms", *(f"{side} ms" for side in sides), *names]
    header += ["recall@10 of int8"] if name == "one" else []
    rows = []
    for size in sizes:
        n_bytes = 4 * size["n"] * size["dimension"]
        limit_ms = n_bytes / limit["read_gb_s"] / 1e6
        if name == "batch":
            limit_ms = max(limit_ms, BATCH * n_bytes / 2 / limit["gemm_gflop_s"] / 1e6)
        row = [f"{size['n']:,} x {size['dimension']}", f"{limit_ms:.2f}"]
        row += [spread(size[name][side]) for side in sides]
        row += [f"{size[f'{name}_ratios'][key]:.2f}" for key in names]
        row += [f"{size['recall']:.4f}"] if name == "one" else []
        rows.append(row)
    return table(header, rows)


def stores(sizes: list[Results]) -> str:
    header = ["vectors", "open ms", "open encrypted ms", "erase one subject ms"]
    header += ["enrol/s", "bytes a reference"]
    rows = []
    for size in sizes:
        sealed = spread(size["open encrypted"]) if "open encrypted" in size else ""
        row = [f"{size['n']:,} x {size['dimension']}", spread(size["open"]), sealed]
        row += [spread(size["erase"]), f"{size['n'] / size['enrol_s']:,.0f}"]
        rows.append([*row, f"{size['bytes'] / size['n']:,.0f}"])
    return table(header, rows)


def large(size: Results) -> str:
    header = ["vectors", "one probe ms", "open s", "peak MB of the whole run"]
    row = [f"{size['n']:,} x {size['dimension']}", spread(size["one"]["mien int8"])]
    row += [f"{size['open']['median_ms'] / 1e3:.1f}", f"{size['peak_mb']:,.0f}"]
    return table(header, [row])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--dimensions", type=int, nargs="+", default=[128, 512])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--large", action="store_true", help="four million x 512 in int8")
    parser.add_argument("--out", type=Path, default=Path("docs/search.md"))
    parser.add_argument("--folder", type=Path, help="where galleries are made; default: temporary")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    options.threads = faiss.omp_get_max_threads()
    about = machine(options, 0)
    names = ("mien", "numpy", "faiss-cpu", "usearch")
    about["versions"] = {name: version(name) for name in names}
    results: Results = {"setting": about, "measured": moment(), "limits": limits(), "sizes": []}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for dimension in options.dimensions:
            for n in options.sizes:
                size = measure(n, dimension, Path(folder), options.rounds)
                results["sizes"].append(size)
        if options.large:
            results["large"] = measure_large(4_000_000, 512, Path(folder), options.rounds)
    picture = options.out.parent / "images" / "search.svg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    options.out.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    options.out.write_text(markdown(results), "utf-8")
    picture.write_text(growth(results), "utf-8")
    say(f"written: {options.out}")


if __name__ == "__main__":
    main()
