"""The page on a billion templates: what was measured, and what follows from it by arithmetic."""

from __future__ import annotations

from typing import Any

from benchmarks.report import table
from mien.models import get_spec
from mien.tasks.task import Options

Results = dict[str, Any]
BILLION = 10**9
#: Assumed machines: none of these numbers was measured here.
CORES, MEMORY_GB, USABLE, BANDWIDTH_GB_S = 32, 256, 0.7, 200
DEFAULT = Options().embedder
#: A rate is measurable from this many expected errors on, as everywhere in mien.
LEAST_ERRORS = 30


def page(scale: Results, search: Results, benchmarks: Results) -> str:
    """Write the page from docs/scale.json, docs/search.json and docs/benchmarks.json."""
    sides = {side["title"]: side for side in benchmarks["a"]["sides"]}
    pictures = sides["mien detect + embed"]["pictures_a_second"]["median"]
    parts = [_head(scale), _bytes(), _exact(search), _approximate(scale), _decisions()]
    return "\n\n".join([*parts, _enrolment(pictures, search, scale), _topology(), _breaks()]) + "\n"


def _head(scale: Results) -> str:
    s = scale["setting"]
    return f"""# A billion templates

Written by `python -m benchmarks.scale`; do not edit. Measured {scale["measured"]} on {s["cpu"]},
{s["cores"]} cores, {s["threads"]} thread(s). A number is measured by the command that is named
beside it, or computed here from numbers on this page. Nobody has run mien with a billion
templates.

In short: memory and machines are the smaller problem. The recogniser's false matches are the
larger one, and they end plain one-to-a-billion identification long before the hardware does.

Assumed, not measured: machines of {CORES} cores like those measured, {MEMORY_GB} GB of which
{USABLE:.0%} hold vectors, {BANDWIDTH_GB_S} GB/s from memory."""


def _bytes() -> str:
    kinds = (("float32", 4.0), ("int8", 1.0), ("PQ, 8 bits for 2", 0.5), ("PQ, 8 bits for 4", 0.25))
    rows = []
    for name, each in kinds:
        cells = [name]
        for dimension in (128, 512):
            gb = BILLION * dimension * each / 1e9
            cells += [f"{gb:,.0f}", f"{machines(gb + 16):,}"]
        rows.append(cells)
    shown = table(["vectors", "D = 128, GB", "machines", "D = 512, GB", "machines"], rows)
    return f"""## Bytes

N × D × bytes a number; 16 bytes a vector more for the two ids (16 GB, counted in the machines). The
machines hold everything once: a second copy, for machines that fail, doubles them.

{shown}

A graph index (HNSW, 32 links, 64 in the lowest layer) adds 64 × 4 bytes a vector: 256 GB. The means
that the Milvus store keeps for the policies `mean` and `quality` add two vectors a *subject*."""


def _exact(search: Results) -> str:
    limits = search["limits"]
    read, gemm, cores = limits["read_gb_s"], limits["gemm_gflop_s"], search["setting"]["cores"]
    million = [one for one in search["sizes"] if one["n"] == 10**6 and one["dimension"] == 128]
    each = {name: side["median_ms"] for name, side in million[0]["one"].items()}
    flops = 2 * 128 * BILLION
    rows = [
        [name, f"{gb:,.0f}", f"{gb / read:,.0f}", f"{gb / BANDWIDTH_GB_S:.1f}", f"{n}"]
        for name, gb in (("float32", 512), ("int8", 128))
        for n in [-(-gb * 2 // BANDWIDTH_GB_S)]
    ]
    header = ["D = 128", "GB read", "s here", "s on one assumed machine", "machines for 0.5 s"]
    return f"""## Exact search

One probe reads every vector once. The machine that measured ({cores} cores) reads {read:.1f} GB/s and
multiplies at {gemm:.0f} GFLOP/s; on it a million vectors of 128 take {each["mien float32"]:.0f} ms in
float32 and {each["mien int8"]:.0f} ms in int8 (`python -m benchmarks.search`, [search](search.md)). For a
billion:

{table(header, rows)}

Probes that are searched together share the reading; then the products count: 2 × 128 × 10⁹ =
{flops / 1e9:.0f} GFLOP a probe, {flops / 1e9 / (gemm / cores):.1f} core-seconds at {gemm / cores:.0f} GFLOP/s a core,
so that {CORES} cores answer {CORES * gemm / cores / (flops / 1e9):.0f} probes a second at best. Exact search of a
billion is affordable for a few searches a second, and exact is what a wrong rejection can be
explained with. `milvus://…?index=FLAT` is this."""


def _approximate(scale: Results) -> str:
    rows = [
        [
            f"{row['n']:,}",
            row["index"],
            row["setting"],
            f"{row['bytes']:.0f}",
            f"{row['recall_10']:.4f}",
            f"{row['recall_1']:.4f}",
            f"{row['ms']:.2f}",
            f"{row['build_s']:.0f}",
        ]
        for row in scale["rows"]
    ]
    header = ["vectors", "index", "", "bytes", "recall@10", "first kept", "ms", "build s"]
    scores = [
        [name, f"{one['n']:,}", f"{one['mean']:.3f}", f"{one['sd']:.3f}"]
        + [f"{value:.3f}" for value in one["percentiles"]]
        for name, one in scale["scores"].items()
    ]
    return f"""## Approximate search

FAISS, one thread, D = 128, {scale["setting"]["pictures"]} probes of people who are there, ten references a
person. Recall@10: share of the ten exact nearest that are returned. First kept: share of probes
whose exact nearest is. No re-ranking: PQ's recall rises when the exact vectors of 50 candidates are
read again.

{table(header, rows)}{_missing(scale)}

The vectors are synthetic: normal distributions with the covariances of the default model's
templates, within and between people (LFW folds 1-3). Their scores beside real ones:

{table(["scores", "n", "mean", "sd", "1 %", "50 %", "99 %"], scores)}

Real mated scores scatter more than synthetic ones: pictures differ by pose, age and light more in some
people than in others. What an index misses adds to FNIR. Recall at N vectors does not hold at 1,000 N: neighbours come
closer. Measure it on a sample of your own before you trust it, and again as the gallery grows."""


def _missing(scale: Results) -> str:
    parts = {"IVF": "--n", "PQ": "--n-pq", "HNSW": "--n-hnsw"}
    absent = [
        f"{part} (`{flag} 1000000`)"
        for part, flag in parts.items()
        if not any(part in row["index"] for row in scale["rows"])
    ]
    return f"\n\nNot measured yet: {', '.join(absent)}." if absent else ""


def _decisions() -> str:
    points = get_spec(DEFAULT).operating_points
    lowest = min(points, key=lambda point: point.target_fmr)
    fmr = 0.01 / BILLION
    pairs = LEAST_ERRORS / fmr
    pictures = (2 * pairs) ** 0.5
    rows = [
        [
            f"{n:,}",
            f"{1 - (1 - lowest.target_fmr) ** n:.3g}",
            f"{n * lowest.target_fmr:,.2f}",
            f"{0.01 / n:.0e}",
        ]
        for n in (10**3, 10**5, 10**7, BILLION)
    ]
    header = ["templates", "FPIR", "false candidates a search", "FMR that FPIR .01 takes"]
    return f"""## Decisions: what breaks before the hardware

The lowest false match rate that mien has measured is {lowest.target_fmr:.0e} ([accuracy](accuracy.md)). A search of N
independent references at that threshold names somebody who is not the person with FPIR =
1 − (1 − FMR)^N:

{table(header, rows)}

A billion takes FMR {fmr:.0e} a comparison. To measure that with {LEAST_ERRORS} expected errors takes {pairs:.0e}
non-mated pairs, all pairs of {pictures:,.0f} different people. The pairs behind the lowest rate are
{lowest.n_pairs:,}: **not measurable with our pairs**, by a factor of {pairs / lowest.n_pairs:.0e}, and an
extrapolation over six powers of ten is no operating point. `mien identify` refuses such a gallery and says which FPIR it
can keep.

What does work at this size: verification (1:1) of a stated identity; search within a part of the
gallery that something else has narrowed to thousands; lists of candidates for people to judge, who
must expect {BILLION * lowest.target_fmr:,.0f} look-alikes above that threshold; and several modalities."""


def _enrolment(pictures: float, search: Results, scale: Results) -> str:
    core_hours = BILLION / pictures / 3600
    milvus = scale["milvus"]
    million = [one for one in search["sizes"] if one["n"] == 10**6 and one["dimension"] == 128]
    sqlite = 10**6 / million[0]["enrol_s"]
    writer = BILLION / milvus["enrol_a_second"] / 86400
    return f"""## Enrolment

Detecting and embedding: {pictures:.1f} pictures a second on one core (`make bench`, LFW, 250 × 250 px,
[benchmarks](benchmarks.md) part a; larger photos take longer to decode). 10⁹ ÷ {pictures:.1f} ÷ 3600 =
{core_hours:,.0f} core-hours: {core_hours / CORES:,.0f} machine-hours of {CORES} cores, {core_hours / CORES / 24:.1f} days on
one machine, {core_hours / CORES / 10:,.0f} hours on ten. At an assumed 100 kB a picture they read 100 TB,
{BILLION * 1e5 / (core_hours / CORES / 10 * 3600) / 1e6:,.0f} MB/s for ten machines. `mien analyze --on ray` and `mien enrol --on ray`
([bulk jobs](capabilities/bulk.md)) spread this over machines.

Writing: a gallery has one writer at a time. The embedded store takes {sqlite:,.0f} references a second
(`benchmarks.search`, a million of 128). Through the Milvus store into Milvus Lite, batches of 2,000,
{milvus["n"]:,} references: {milvus["enrol_a_second"]:,.0f} a second, a search {milvus["search_ms"]:.0f} ms, an erasure
{milvus["delete_ms"]:.0f} ms. Lite is one Python process: a cluster answers otherwise, and was not measured. At
Lite's rate a billion would take {writer:,.0f} days: the one writer is the bottleneck of a first load."""


def _topology() -> str:
    n = machines(512 + 16)
    small = machines(128 + 16)
    return f"""## Milvus

[Milvus](milvus.md) keeps segments in an object store, its metadata in etcd, and loads segments into
query nodes. For a billion of 128: {n} query nodes for float32 `FLAT` or `IVF_FLAT`, {small} for `IVF_SQ8`,
twice that with one replica more; index nodes only while it is loaded; proxies by the rate of
searches. mien asks for strong consistency: every search waits until the nodes have seen what was
acknowledged before it, which by Milvus's documentation costs up to its time tick (not measured). mien's three
collections are those of any size; nothing else changes but the URL."""


def _breaks() -> str:
    return """## What breaks first, in order

1. Decisions: from 10⁴ references on no FPIR of .01 or less can be promised with what was measured.
2. The one writer: see above. Loading shards as Milvus bulk files beside it is not built.
3. `FLAT`: a probe reads everything. From 10⁸ on, or many searches a second: `IVF_SQ8` or `HNSW`,
   with measured recall.
4. `mean` and `quality` read all references of k subjects again for exact scores; k is small.
5. Expired subjects are left out by a list in every search: run `mien gallery expire` daily.
6. Sealed galleries are searched in one process's memory: 10⁷ of 128 are 5 GB, 10⁹ do not fit.
7. The driver of a bulk job holds all paths: at an assumed 200 bytes each, 200 GB for a billion. Run it
   folder by folder."""


def machines(gb: float) -> int:
    """Return how many machines hold so much."""
    return int(-(-gb // (MEMORY_GB * USABLE)))
