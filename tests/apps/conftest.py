"""A folder of pictures with everything that can go wrong, and the command as a process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory, portrait: np.ndarray) -> Path:
    """A portrait, its mirror in a folder with a space, a picture without a face, two bad files."""
    folder = tmp_path_factory.mktemp("some pictures")
    bgr = np.ascontiguousarray(portrait[:, :, ::-1])
    below = folder / "sub dir é"
    below.mkdir()
    write(folder / "a.jpg", bgr)
    write(folder / "none.png", bgr[300:, :200])
    write(below / "ü b.jpg", bgr[:, ::-1])
    (folder / "broken.jpg").write_bytes((folder / "a.jpg").read_bytes()[:5000])
    (folder / "text.jpg").write_text("no picture at all")
    return folder


def write(path: Path, bgr: np.ndarray) -> None:
    _, data = cv2.imencode(path.suffix, bgr)
    path.write_bytes(data.tobytes())


@pytest.fixture(scope="session")
def run_mien() -> Run:
    """Runs the command in a process of its own; stdout and stderr are pipes."""

    def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), cwd=cwd, capture_output=True, text=True, encoding="utf-8"
        )

    return run


def command(*arguments: object) -> Sequence[str]:
    return [sys.executable, "-m", "mien.apps.cli", *map(str, arguments)]
