"""Read the hand-written specs, and write what is measured back without touching the rest."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

from tools.weights.front import Preprocess

ROOT = Path(__file__).resolve().parents[2]
MAIN_ZOO = ROOT / "src" / "mien" / "models" / "zoo"
RESEARCH_ZOO = ROOT / "packages" / "mien-weights-research" / "src" / "mien_weights_research" / "zoo"
ZOOS = (MAIN_ZOO, RESEARCH_ZOO)


def find_spec(name: str) -> Path:
    """Return the spec file of a model, from either distribution."""
    found = [zoo / f"{name}.toml" for zoo in ZOOS if (zoo / f"{name}.toml").is_file()]
    if len(found) != 1:
        raise FileNotFoundError(f"{name}: write its spec {name}.toml into one of {ZOOS} first")
    return found[0]


def read_table(path: Path) -> dict[str, Any]:
    """Read a spec as it stands."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def read_preprocess(path: Path) -> Preprocess:
    """Return what a spec says of preprocessing."""
    table = read_table(path)["preprocess"]
    return Preprocess(table["size_wh"], table["colour"], table["mean"], table["std"])


def stamp(path: Path, weights: bytes) -> None:
    """Write size and sha256 of the weights into the spec; every other byte stays."""
    text = path.read_text(encoding="utf-8")
    facts = {"bytes": str(len(weights)), "sha256": f'"{hashlib.sha256(weights).hexdigest()}"'}
    for key, value in facts.items():
        text, count = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        if count != 1:
            raise ValueError(f"{path}: expected one line '{key} = ...', found {count}")
    path.write_text(text, encoding="utf-8")
