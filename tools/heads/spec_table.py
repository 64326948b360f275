"""Write measured numbers into one table of a hand-written spec; everything else stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


def write_table(path: Path, name: str, values: Mapping[str, float | int | str]) -> None:
    """Replace the table [name] of a TOML file, or append it at the end."""
    text = path.read_text(encoding="utf-8")
    table = f"[{name}]\n" + "".join(f"{key} = {_value(v)}\n" for key, v in values.items())
    text, count = re.subn(rf"(?ms)^\[{name}\]\n.*?(?=^\[|\Z)", table, text)
    if count > 1:
        raise ValueError(f"{path}: has the table [{name}] {count} times")
    if not count:
        text = f"{text.rstrip()}\n\n{table}"
    # A table that another follows is parted from it by an empty line.
    text = re.sub(r"(?m)(?<!\n)\n^\[", "\n\n[", text)
    path.write_text(text, encoding="utf-8")


def _value(value: float | int | str) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:.4g}" if isinstance(value, float) else str(value)
