"""A run that is killed goes on where it was, and ends as one that was never interrupted."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

ENOUGH = 72


@pytest.fixture
def many(portrait: np.ndarray, tmp_path: Path) -> Path:
    """Small pictures of twelve "people", each another one."""
    root = tmp_path / "many"
    small = cv2.resize(portrait[0:300, 60:360], (160, 160))
    for number in range(ENOUGH):
        path = root / f"p{number % 12}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.roll(small, number, axis=1)[:, :, ::-1])
    return root


def command(many: Path, cache: Path, target: Path) -> list[str]:
    words = ["verification", "--data", many, "--dataset", "identity-folders", "--cache", cache]
    words += ["-j", 1, "--json", target]
    return [sys.executable, "-m", "mien.apps.cli", "evaluate", *map(str, words)]


def kept(cache: Path) -> int:
    try:
        database = sqlite3.connect(f"file:{cache / 'analyses.sqlite'}?mode=ro", uri=True)
    except sqlite3.OperationalError:
        return 0
    try:
        return int(database.execute("SELECT count(*) FROM analysis").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        database.close()


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_killed_run_loses_little_and_changes_nothing(many: Path, tmp_path: Path) -> None:
    cache, target = tmp_path / "cache", tmp_path / "e.json"
    process = subprocess.Popen(command(many, cache, target))
    while kept(cache) < 32 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = kept(cache)
    assert not target.exists()
    assert 32 <= before < ENOUGH
    subprocess.run(command(many, cache, target), check=True)
    assert kept(cache) == ENOUGH
    fresh = tmp_path / "fresh.json"
    subprocess.run(command(many, tmp_path / "other", fresh), check=True)
    again, whole = (json.loads(path.read_text()) for path in (target, fresh))
    assert again["results"][0]["findings"] == whole["results"][0]["findings"]
    assert again["data"] == whole["data"]
