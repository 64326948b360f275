"""Rounds in turn: toy workers that speak the protocol, one of which cannot start."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import perception, report
from benchmarks.comparison import Comparison, Group, run_group
from benchmarks.install import PEERS
from benchmarks.side import Side

TOY = """
import sys, time
sys.path.insert(0, {peers!r})
from protocol import serve

class Toy:
    def __init__(self, job):
        if job["options"].get("broken"):
            raise OSError("no weights here")
        print("chatter of a library")
        self.about = {{"toy": "1"}}

    def run(self, pictures):
        end = time.process_time() + 0.002
        while time.process_time() < end:
            pass
        return 2 * len(pictures)

serve(Toy)
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    script = tmp_path / "toy.py"
    script.write_text(TOY.format(peers=str(perception.PEERS)))
    return [sys.executable, str(script)]


@pytest.fixture
def options(tmp_path: Path) -> argparse.Namespace:
    return argparse.Namespace(threads=1, rounds=3, cache=tmp_path)


def run(sides: list[Side], options: argparse.Namespace) -> dict[str, Any]:
    names = [side.title for side in sides]
    group = Group("a", "Toys", sides, [Comparison(names[0], names[1], at_least=1e9)])
    return run_group(group, ["x.jpg", "y.jpg"], options) | {"measured": "now"}


def test_every_round_is_answered_and_the_ratio_judged(
    command: list[str], options: argparse.Namespace
) -> None:
    result = run([Side("one", command), Side("two", command)], options)
    for side in result["sides"]:
        assert side["missing"] is None
        assert len(side["seconds"]) == len(side["cpu_seconds"]) == 3
        assert side["faces"] == 4
        assert side["about"] == {"toy": "1"}
        assert side["peak_mb"] > 1
    (ratio,) = result["ratios"]
    assert ratio["ratio"]["low"] <= ratio["ratio"]["median"] <= ratio["ratio"]["high"]
    assert ratio["met"] is False


def test_a_side_that_fails_or_is_missing_stands_in_the_table_with_its_reason(
    command: list[str], options: argparse.Namespace
) -> None:
    sides = [
        Side("broken", command, {"broken": True}),
        Side("absent", [], unavailable="no compiler"),
        Side("well", command),
    ]
    result = run(sides, options)
    assert "no weights here" in result["sides"][0]["missing"]
    assert len(result["sides"][2]["seconds"]) == 3
    page = report.markdown({"setting": report.setting(options, 2), "a": result})
    assert "| broken | not measured: broken: OSError: no weights here |" in page
    assert "| absent | not measured: no compiler |" in page
    assert "not measured |" in page


def test_every_peer_is_pinned() -> None:
    for name, wanted in PEERS.items():
        assert (perception.PEERS / f"peer_{name}.{'mjs' if 'npm' in wanted else 'py'}").is_file()
        assert any("==" in line or "@3." in line for lines in wanted.values() for line in lines)
