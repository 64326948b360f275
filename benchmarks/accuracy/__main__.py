"""Measure everything and write docs/accuracy.md.

python -m benchmarks.accuracy --data ../shared/data [--only verification]
"""

from __future__ import annotations

import argparse
import json
import pkgutil
import platform
import subprocess
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import numpy
import onnxruntime

import benchmarks.accuracy
import mien
from benchmarks.accuracy.headlines import write_headlines
from benchmarks.accuracy.rows import markdown
from mien.models import list_specs

DOCUMENT = Path("docs/accuracy.md")
#: Figures of all sections, so that one section can be measured again.
FIGURES = Path("docs/accuracy.json")


def sections() -> list[str]:
    """Return the names of the files that measure something."""
    found = pkgutil.iter_modules(benchmarks.accuracy.__path__)
    names = [module.name for module in found if module.name != "__main__"]
    return [n for n in names if hasattr(import_module(f"benchmarks.accuracy.{n}"), "measure")]


def main() -> None:
    """Run the sections and write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="*", choices=sections())
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"{arguments.data}: no such folder of labelled pictures")
    figures = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    for name in arguments.only or sections():
        print(f"measuring {name} ...", flush=True)
        rows = import_module(f"benchmarks.accuracy.{name}").measure(arguments.data)
        figures[name] = {"rows": rows, **provenance()}
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    DOCUMENT.write_text(document(figures), encoding="utf-8")
    write_headlines({name: section["rows"] for name, section in figures.items()})


def provenance() -> dict[str, str]:
    """Return when, on which commit and with which versions a section was measured."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = " with uncommitted changes" if _git("status", "--porcelain", "-uno", "src") else ""
    research = any(spec.use == "research" for spec in list_specs())
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit + changed,
        "versions": f"mien {mien.__version__}, onnxruntime {onnxruntime.__version__}, "
        f"numpy {numpy.__version__}, Python {platform.python_version()}",
        "research": "installed" if research else "not installed",
    }


def document(figures: dict[str, dict]) -> str:
    """Write all sections as Markdown."""
    text = (
        "# Accuracy\n\n"
        "Written by `make accuracy` from labelled research pictures that are not part of this "
        "repository. What was fitted on some pictures is reported on others; every section says "
        "which. Rows that need mien-weights-research say so or name its network; all others are "
        "the same without it. Intervals are 95 %.\n"
    )
    for name in sorted(figures):
        module, section = import_module(f"benchmarks.accuracy.{name}"), figures[name]
        text += (
            f"\n## {module.TITLE}\n\n{module.PROTOCOL}\n\n{markdown(section['rows'])}\n"
            f"Measured {section['date']} at commit {section['commit']}; {section['versions']}; "
            f"mien-weights-research {section['research']}.\n"
        )
    return text


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    main()
