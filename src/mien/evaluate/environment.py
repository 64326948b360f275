"""When, where and with which versions an evaluation was made."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import mien
from mien.evaluate.store import code_sha256
from mien.models import list_specs

_PACKAGES = ("numpy", "onnxruntime", "opencv-python-headless", "Pillow")


def environment(*, seed: int, threads: int) -> dict[str, Any]:
    """Return date, versions, machine, seed, and the commit where mien runs from a checkout."""
    found = {name: _version(name) for name in _PACKAGES}
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "mien": mien.__version__,
        "code_sha256": code_sha256(),
        "python": platform.python_version(),
        "versions": {name: text for name, text in found.items() if text is not None},
        "research_weights": any(spec.use == "research" for spec in list_specs()),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "threads": threads,
        "seed": seed,
        "commit": commit(),
    }


def commit() -> str | None:
    """Return the commit of the checkout that mien runs from, ``None`` where it is installed."""
    root = Path(mien.__file__).parents[2]
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    found = _git(git, root, "rev-parse", "--short", "HEAD")
    if found and _git(git, root, "status", "--porcelain", "-uno", "src"):
        return f"{found} with uncommitted changes"
    return found or None


def _git(git: str, root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [git, "-C", str(root), *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
