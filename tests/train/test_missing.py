"""Without torch, training says what to install, and everything else works."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import sys
sys.modules["torch"] = None
import mien, mien.apps.cli
try:
    mien.apps.cli.main(sys.argv[1:])
except SystemExit as end:
    print(end.code)
"""


@pytest.mark.parametrize("words", [("train", "expression-fer2013"), ("teach", "--out", "chips")])
def test_a_missing_extra_is_named(words):
    done = subprocess.run(
        [sys.executable, "-c", CODE, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "2"
    assert "pip install mien[train]" in done.stderr
