"""Measure counterfactuals, examples, concepts and region guidance, and write docs/reasons.md.

python -m benchmarks.reasons --data ../shared/data [--only guidance] [--scale 0.5]
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path

from benchmarks.accuracy.__main__ import provenance
from benchmarks.accuracy.rows import markdown

DOCUMENT = Path("docs/reasons.md")
#: Figures of all parts, so that one part can be measured again.
FIGURES = Path("docs/reasons.json")
PARTS = ("counterfactuals", "examples", "concepts", "guidance")


def main() -> None:
    """Run the parts and write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=PARTS)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the samples to use")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"{arguments.data}: no such folder of labelled pictures")
    for name in arguments.only or PARTS:
        print(f"measuring {name} ...", flush=True)
        module = import_module(f"benchmarks.reasons.{name}")
        rows, notes = module.measure(arguments.data, scale=arguments.scale)
        figures = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
        figures[name] = {"rows": rows, "notes": notes, **provenance()}
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
        DOCUMENT.write_text(document(figures), encoding="utf-8")


def document(figures: dict[str, dict]) -> str:
    """Write all parts as Markdown."""
    text = (
        "# What reasons are worth\n\n"
        "Written by `python -m benchmarks.reasons` from labelled research pictures that are not "
        "part of this repository. Intervals are 95 %, bootstrap over pictures unless said.\n"
    )
    for name in PARTS:
        if name not in figures:
            continue
        module, part = import_module(f"benchmarks.reasons.{name}"), figures[name]
        notes = "".join(f"\n{note}\n" for note in part["notes"])
        text += (
            f"\n## {module.TITLE}\n\n{module.PROTOCOL}\n\n{markdown(part['rows'])}{notes}\n"
            f"Measured {part['date']} at commit {part['commit']}; {part['versions']}; "
            f"mien-weights-research {part['research']}.\n"
        )
    return text


if __name__ == "__main__":
    main()
