"""Write NOTICE, licence and source of every weight file, from the specs."""

from __future__ import annotations

from pathlib import Path

from tools.weights.spec_file import MAIN_ZOO, RESEARCH_ZOO, ROOT, read_table

NOTICE = ROOT / "NOTICE"
_HEAD = """mien
Copyright the mien founders

The code is licensed under the Apache License, Version 2.0 (see LICENSE). The weight files come
from others, each under the licence stated here, but for the small heads mlp.*, which tools/heads
trains, and those whose source is a recipe of `mien train`. The others were converted to ONNX and
rewritten for speed, and most constants rounded to half precision; none was trained again.
This file is written by `python -m tools.weights --notice` from the models' specs.
"""
_SECTIONS = (
    ("Weights in the distribution mien", MAIN_ZOO),
    ("Weights in the distribution mien-weights-research (research use only)", RESEARCH_ZOO),
)
_FIELDS = (
    ("licence", "Licence"),
    ("author", "Author"),
    ("source", "Source"),
    ("training_data", "Trained on"),
    ("data_terms", "Data terms"),
    ("use", "Use"),
)


def notice_text() -> str:
    """Return the whole file."""
    parts = [_HEAD]
    for title, zoo in _SECTIONS:
        parts.append(f"\n{title}\n{'=' * len(title)}\n")
        parts += [_entry(path) for path in sorted(zoo.glob("*.toml"))]
    return "".join(parts)


def _entry(path: Path) -> str:
    table = read_table(path)
    lines = [f"{label}: {table.get(key, 'unknown')}" for key, label in _FIELDS]
    return "\n" + "\n".join([table["weights"]["file"], *(f"  {line}" for line in lines)]) + "\n"
