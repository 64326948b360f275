"""The results as Markdown tables for people and JSON for programs."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

Results = dict[str, Any]
#: Raised when the JSON changes its meaning: older results are then measured again.
FORMAT = 1
#: Memory that grows by at most this share over all the pictures counts as flat.
FLAT = 0.05


def say(words: str) -> None:
    """Tell the person at the terminal."""
    print(words, flush=True)


def setting(options: argparse.Namespace, n_pictures: int) -> Results:
    """Record on what and with what this was measured."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("mien", "numpy", "onnxruntime")},
        "pictures": n_pictures,
        "rounds": options.rounds,
        "threads": options.threads,
    }


def moment() -> str:
    """Say when a part was measured, and of which commit."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M UTC}, commit {_commit()}"


def read_previous(out: Path) -> Results:
    """Read the JSON beside the report, so that parts that are not run again are kept."""
    path = out.with_suffix(".json")
    found: Results = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found if found.get("format") == FORMAT else {"format": FORMAT}


def write(out: Path, results: Results) -> None:
    """Write the report and, beside it, its JSON."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    out.write_text(markdown(results), encoding="utf-8")


def markdown(results: Results) -> str:
    """Return the whole report."""
    parts = [_head(results["setting"])]
    for key in "abcdef":
        if key in results:
            show = _processes if key == "e" else _group
            parts.append(
                f"## ({key}) {results[key]['title']}\n\nMeasured {results[key]['measured']}."
            )
            parts.append(show(results[key]))
        if key == "a":
            parts.append(_accuracy(results.get("accuracy")))
    parts.append(_sides(results))
    return "\n\n".join(parts) + "\n"


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; all columns but the first are right-aligned."""
    lines = [header, ["---", *["--:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _head(s: Results) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in s["versions"].items())
    return f"""# Benchmarks

Written by `make bench` (`benchmarks/perception.py`); do not edit. The numbers behind it are in the
JSON file beside it.

{s["cpu"]}, {s["cores"]} cores; {s["system"]}, Python {s["python"]}, {versions}.

Every program ran in a process of its own, held on {s["threads"]} core(s), loaded and warm. A round
is the same {s["pictures"]} LFW pictures (250 x 250 JPEG) from file to result; {s["rounds"]} rounds
a side, interleaved A B A B. Numbers are medians (smallest to largest round); ratios are formed
within each round. CPU time is what a process used: it moves less on a machine that is not quiet."""


def _group(group: Results) -> str:
    rows = []
    for side in group["sides"]:
        if side["missing"] is not None:
            rows.append([side["title"], f"not measured: {side['missing']}", "", "", ""])
            continue
        faces = str(side["faces"]) if side["faces"] else ""
        cells = [_spread(side["pictures_a_second"], 2 if group["pictures"] == 1 else 1), faces]
        cells += [f"{side['first_result_s']:.2f}", f"{side['peak_mb']:.0f}"]
        rows.append([side["title"], *cells])
    header = ["", "pictures/s", f"faces in {group['pictures']}", "first result s", "peak MB"]
    shown = table(header, rows)
    ratios = [_ratio_row(ratio) for ratio in group["ratios"]]
    if ratios:
        shown += "\n\n" + table(
            ["time of … ÷ time of …", "ratio", "of CPU time", "promised", ""], ratios
        )
    return shown


def _ratio_row(ratio: Results) -> list[str]:
    promised = f"≥ {ratio['at_least']:g}" if ratio["at_most"] is None else f"≤ {ratio['at_most']:g}"
    if ratio["ratio"] is None:
        return [f"{ratio['over']} ÷ {ratio['under']}", "", "", promised, "not measured"]
    met = "met" if ratio["met"] else "**not met**"
    both = [_spread(ratio["ratio"], 2), _spread(ratio["cpu_ratio"], 2)]
    return [f"{ratio['over']} ÷ {ratio['under']}", *both, promised, met]


def _accuracy(found: Results | None) -> str:
    title = "LFW verification of the same programs, each with its own detector"
    if found is None:
        return f"{title}: not measured yet (`--accuracy`)."
    rows = []
    for name, a in found["sides"].items():
        if "missing" in a:
            rows.append([name, f"not measured: {a['missing']}", "", "", ""])
            continue
        accuracy = f"{100 * a['mean']:.2f} ± {100 * a['standard_error']:.2f} %"
        detected = f"{100 * a['of_detected']:.2f} %"
        rows.append([name, accuracy, detected, str(a["undetected_pictures"]), str(a["n_pairs"])])
    header = ["", "accuracy", "of detected pairs", "pictures without a face", "pairs"]
    return (
        f"{title}; measured {found['measured']}. Threshold from the other folds; a pair with an "
        "undetected face is wrong; mean over folds ± standard error.\n\n" + table(header, rows)
    )


def _processes(e: Results) -> str:
    growth = e["growth"]
    rows = [
        _cost_row("`import mien`", e["import"], "≤ 0.2 s", 0.2),
        _cost_row("`from mien import Analyzer`", e["import_analyzer"], "", None),
        _cost_row("`mien analyze` of one LFW picture", e["cold_small"], "≤ 1.5 s", 1.5),
        _cost_row("`mien analyze` of one 12-megapixel photo", e["cold_big"], "≤ 1.5 s", 1.5),
    ]
    peak = e["cold_big"]["peak_mb"]
    grown = growth["kb_a_picture"] * (growth["n"] - growth["skipped"]) / 1024
    verdict = "met" if grown <= FLAT * growth["start_mb"] else "**not met**"
    flat = f"{growth['kb_a_picture']:+.2f} KB a picture after the first {growth['skipped']}"
    flat += f" (promised flat, that is at most {100 * FLAT:.0f} % more at the end: {verdict})"
    return (
        table(["", "median s (range)", "CPU s", "n", "peak MB", "promised", ""], rows)
        + f"\n\nPeak on the 12-megapixel photo: {peak:.0f} MB (promised ≤ 500: "
        + ("met" if peak <= 500 else "**not met**")
        + f"). Over {growth['n']} pictures with every task: {growth['start_mb']:.0f} → "
        + f"{growth['end_mb']:.0f} MB resident, {flat}."
    )


def _cost_row(name: str, cost: Results, promised: str, limit: float | None) -> list[str]:
    ordered = sorted(cost["seconds"])
    median = ordered[len(ordered) // 2]
    cpu = f"{statistics.median(cost['cpu_seconds']):.3f}"
    met = "" if limit is None else "met" if median <= limit else "**not met**"
    seconds = f"{median:.3f} ({ordered[0]:.3f} to {ordered[-1]:.3f})"
    return [name, seconds, cpu, str(len(ordered)), f"{cost['peak_mb']:.0f}", promised, met]


def _sides(results: Results) -> str:
    lines = ["## What ran", ""]
    for key in "abcdf":
        for side in results.get(key, {}).get("sides", []):
            about = "; ".join(f"{name}: {value}" for name, value in side["about"].items())
            line = f"- **{side['title']}**: {side['missing'] or about}"
            if side["decode_seconds"]:
                share = sum(side["decode_seconds"]) / sum(side["seconds"])
                line += f" ({100 * share:.1f} % of its time)"
            if line not in lines:
                lines.append(line)
    return "\n".join(lines)


def _spread(s: Results, digits: int) -> str:
    return f"{s['median']:.{digits}f} ({s['low']:.{digits}f} to {s['high']:.{digits}f})"


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _cpu() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
