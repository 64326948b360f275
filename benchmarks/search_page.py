"""The page of the search benchmark: tables, plots, and the JSON they are made from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.report import say, table
from mien.render.plot import Axis, Line, plot, standalone

Results = dict[str, Any]
#: Raised when the JSON changes its meaning: older results are then measured again.
FORMAT = 2
#: What was promised from 100,000 vectors on.
BARS = {
    "float32 / faster of mat-vec + argpartition and FAISS flat": "at most 1.2",
    "float32 / int8": "at least 2",
    "float32 / GEMM": "at most 1.7",
}


def read_previous(out: Path, setting: Results) -> Results:
    """Read what was measured before; results of another processor are left out."""
    path = out.with_suffix(".json")
    found: Results = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    if found.get("format") != FORMAT:
        found = {"format": FORMAT, "sizes": [], "graphs": []}
    elif any(found["setting"][key] != setting[key] for key in ("cpu", "cores")):
        say(f"{path}: was measured on another machine and is left out")
        found = {"format": FORMAT, "sizes": [], "graphs": []}
    return found | {"setting": setting}


def add_size(results: Results, part: str, size: Results) -> None:
    """Put a new result in the place of an older one of the same size."""

    def key(entry: Results) -> tuple[int, int, str]:
        return entry["dimension"], entry["n"], entry.get("vectors", "")

    others = [entry for entry in results[part] if key(entry) != key(size)]
    results[part] = sorted([*others, size], key=key)


def write(out: Path, results: Results) -> None:
    """Write the page, its JSON and its plots."""
    pictures = out.parent / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    out.write_text(markdown(results), "utf-8")
    if results["sizes"]:
        (pictures / "search.svg").write_text(growth(results, "one"), "utf-8")
        (pictures / "search_batch.svg").write_text(growth(results, "batch"), "utf-8")


def markdown(results: Results) -> str:
    """The whole page."""
    about, limit, sizes = results["setting"], results["limits"], results["sizes"]
    versions = ", ".join(f"{name} {number}" for name, number in about["versions"].items())
    parts = [
        f"""# Search

Written by `python -m benchmarks.search`; do not edit.

{about["cpu"]}, {about["cores"]} cores; {about["system"]}, Python {about["python"]}, {versions}. It
reads {limit["read_gb_s"]:.0f} GB/s and multiplies matrices at {limit["gemm_gflop_s"]:.0f} GFLOP/s.

Random unit vectors, ten references a subject, the ten best references asked for. mien answers
through `Gallery.search`: the check for changes, exact scores and ranking included. Milliseconds are
medians (least to most) over interleaved rounds; each side is called twice after a pause and the
second call counts, so that no library's waiting threads disturb the next (OpenMP's are told to
sleep: OMP_WAIT_POLICY=passive). Ratios are medians of the
ratios of each round. The limit is the time to read the float32 vectors once, and for 64 probes that
of their products, at the speeds above: int8 reads a quarter. What was promised holds from 100,000
vectors on: """
        + "; ".join(f"{name} {bar}" for name, bar in BARS.items())
        + "; recall@10 of int8 at least .999; open at most 2 s for a million of 128 numbers, 6 s "
        "for 512 or encrypted; erase at most 50 ms."
    ]
    both = [size for size in sizes if "open" in size]
    for name, title in (("one", "One probe"), ("batch", "64 probes at once")):
        if both:
            parts += [f"## {title}", searches(both, name, limit)]
    alone = [size for size in sizes if "open int8" in size]
    if alone:
        parts += ["## int8 alone, where float32 would not fit", int8_alone(alone)]
    if sizes:
        parts += ["## Opening, erasing, enrolling", stores(sizes)]
        parts += ["## Growth", "![Milliseconds of one probe](images/search.svg)"]
        parts += ["![Milliseconds of 64 probes](images/search_batch.svg)"]
    if results["graphs"]:
        parts += ["## A graph (HNSW)", graphs(results["graphs"])]
    return "\n\n".join(parts) + "\n"


def limit_ms(size: Results, limit: Results, name: str) -> float:
    """The least time that a search of float32 vectors can take."""
    n_bytes = 4 * size["n"] * size["dimension"]
    read_ms: float = n_bytes / limit["read_gb_s"] / 1e6
    if name == "one":
        return read_ms
    return max(read_ms, 64 * n_bytes / 2 / limit["gemm_gflop_s"] / 1e6)


def growth(results: Results, name: str) -> str:
    """The plot of "one" or "batch": float32 and int8 beside the limit."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for size in results["sizes"]:
        d, n = size["dimension"], size["n"]
        for side in ("mien float32", "mien int8"):
            if side in size[name]:
                point = (n, size[name][side]["median_ms"])
                lines.setdefault(f"{side}, {d} numbers", []).append(point)
        limit = limit_ms(size, results["limits"], name)
        lines.setdefault(f"limit float32, {d} numbers", []).append((n, limit))
    y_title = "ms a probe" if name == "one" else "ms for 64 probes"
    drawn = {
        name: Line(*zip(*points, strict=True), dashed="limit" in name)
        for name, points in lines.items()
    }
    return standalone(plot(drawn, Axis("vectors", log=True), Axis(y_title, log=True)))


def searches(sizes: list[Results], name: str, limit: Results) -> str:
    sides, names = list(sizes[0][name]), list(sizes[0][f"{name}_ratios"])
    header = ["vectors", "limit ms", *(f"{side} ms" for side in sides)]
    header += [f"{key} ({BARS[key]})" for key in names]
    header += ["recall@10 of int8"] if name == "one" else []
    rows = []
    for size in sizes:
        row = [_named(size), f"{limit_ms(size, limit, name):.2f}"]
        row += [spread(size[name][side]) for side in sides]
        row += [f"{size[f'{name}_ratios'][key]:.2f}" for key in names]
        row += [f"{size['recall']:.4f}"] if name == "one" else []
        rows.append([*row, size["measured"]])
    return table([*header, "measured"], rows)


def int8_alone(sizes: list[Results]) -> str:
    header = ["vectors", "one probe ms", "64 probes ms", "recall@10", "open s", "memory MB"]
    rows = [
        [
            _named(size),
            spread(size["one"]["mien int8"]),
            spread(size["batch"]["mien int8"]),
            f"{size['recall']:.4f}",
            f"{size['open int8']['median_ms'] / 1e3:.1f}",
            f"{size['memory_mb']:,.0f}",
            size["measured"],
        ]
        for size in sizes
    ]
    return (
        "The exact vectors stay in the database, which is read for the candidates that are ranked "
        "anew. Memory is what the gallery took, without the system's cache of its file.\n\n"
        + table([*header, "measured"], rows)
    )


def stores(sizes: list[Results]) -> str:
    header = ["vectors", "open ms", "open encrypted ms", "erase one subject ms"]
    header += ["enrol/s", "bytes a reference", "measured"]
    rows = []
    for size in sizes:
        timed = [spread(size[key]) if key in size else "" for key in ("open", "open encrypted")]
        row = [_named(size), *timed, spread(size["erase"])]
        row += [f"{size['n'] / size['enrol_s']:,.0f}", f"{size['bytes'] / size['n']:,.0f}"]
        rows.append([*row, size["measured"]])
    return table(header, rows)


def graphs(sizes: list[Results]) -> str:
    header = ["vectors", "kind", "recall@10", "one probe ms", "float32 one probe ms"]
    header += ["64 probes ms", "open, graph made, s", "measured"]
    rows = [
        [
            _named(size),
            size["vectors"],
            f"{size['recall']:.4f}",
            *(spread(size[key]) for key in ("one", "exact", "batch")),
            f"{size['open_s']:.0f}",
            size["measured"],
        ]
        for size in sizes
    ]
    return (
        '`index="hnsw"`: recall as `Gallery.index_info` reports it, with the gallery\'s own '
        "references as probes. Random directions have no neighbours to speak of and are the worst "
        "case; ten alike (mated scores of about 0.7) is what people look like. The graph lives in "
        "memory only and is made anew at each opening.\n\n" + table(header, rows)
    )


def spread(timed: dict[str, float]) -> str:
    digits = 0 if timed["median_ms"] >= 100 else 2
    return (
        f"{timed['median_ms']:.{digits}f} ({timed['least_ms']:.{digits}f} to "
        f"{timed['most_ms']:.{digits}f})"
    )


def _named(size: Results) -> str:
    return f"{size['n']:,} x {size['dimension']}"
