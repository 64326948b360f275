"""The peers' environments: one virtual environment or node_modules each, made once, kept."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

Wanted = dict[str, list[str]]

PEERS = tomllib.loads(Path(__file__).with_name("peers.toml").read_text(encoding="utf-8"))


class PeerUnavailableError(RuntimeError):
    """A peer cannot be installed here; the message says why, in one line."""


def python_peer(name: str, cache: Path) -> list[str]:
    """Return the command of the Python in which peer `name` is installed."""
    wanted = PEERS[name]
    home = cache / name
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not _is_made(home, wanted):
        shutil.rmtree(home, ignore_errors=True)
        _do(sys.executable, "-m", "venv", str(home))
        pip = (str(python), "-m", "pip", "install", "--quiet")
        _do(*pip, *wanted["pip"])
        if "pip_no_deps" in wanted:
            _do(*pip, "--no-deps", *wanted["pip_no_deps"])
        _mark_made(home, wanted)
    return [str(python)]


def node_peer(name: str, cache: Path) -> tuple[str, str]:
    """Return `node` and the folder whose node_modules hold peer `name`."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise PeerUnavailableError("Node.js with npm is not installed")
    home = (cache / name).resolve()
    if not _is_made(home, PEERS[name]):
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        (home / "package.json").write_text('{"private": true}\n')
        _do(npm, "install", "--no-audit", "--no-fund", "--prefix", str(home), *PEERS[name]["npm"])
        _mark_made(home, PEERS[name])
    return node, str(home)


def _is_made(home: Path, wanted: Wanted) -> bool:
    mark = home / "made"
    return mark.is_file() and mark.read_text() == _digest(wanted)


def _mark_made(home: Path, wanted: Wanted) -> None:
    (home / "made").write_text(_digest(wanted))


def _digest(wanted: Wanted) -> str:
    return hashlib.sha256(repr((sys.version, wanted)).encode()).hexdigest()


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise PeerUnavailableError(f"{' '.join(command[:5])} …: {words[-1][:200]}")
