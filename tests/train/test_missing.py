"""Without torch, training says what to install, and everything else works."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
sys.modules["torch"] = None
import mien, mien.apps.cli
try:
    mien.apps.cli.main(["train", "expression-fer2013"])
except SystemExit as end:
    print(end.code)
"""


def test_a_missing_extra_is_named():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2"
    assert "pip install mien[train]" in done.stderr
