"""Trees of videos whose names say everything: samples, and a name that says nothing."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Break, text


def stray(name: str) -> tuple[Break, str]:
    """Return the damage that adds a video of that name, and its refusal."""
    return (lambda root: text(root / name, ""), f"{Path(name).name}: expected a name like")
