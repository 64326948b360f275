"""As c23, in the folders of the lower quality."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees.faceforensics_c23 import broken, build_tree, expected

EXPECTED = expected("c40")
BROKEN = broken(EXPECTED.sample_ids)


def build(root: Path) -> None:
    build_tree(root, EXPECTED.sample_ids)
