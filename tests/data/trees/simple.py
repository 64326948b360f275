"""Trees of pictures whose facts are in their paths, or of files that may be empty."""

from __future__ import annotations

from pathlib import Path

from tests.data.trees import Expected, picture, text


def build_files(root: Path, expected: Expected) -> None:
    """Write a picture, or an empty video, for each sample id up to its ``#``."""
    for name in expected.sample_ids:
        path = root / name.partition("#")[0]
        if path.suffix in (".jpg", ".png", ".bmp"):
            picture(path)
        elif path.suffix:
            text(path, "")
        else:
            picture(path / "0001.jpg")
