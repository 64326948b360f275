"""The search benchmark runs from end to end, on little."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

from benchmarks.growth_plot import log_plot

pytest.importorskip("faiss")
pytest.importorskip("usearch")
from benchmarks.search import Timed, growth, interleaved, markdown, measure, ratio


def test_a_small_run_becomes_a_page(tmp_path: Path) -> None:
    sizes = [measure(n, 16, tmp_path, 2) for n in (500, 2000)]
    assert all(size["recall"] == 1 for size in sizes)
    assert sizes[1]["one_ratios"].keys() == {
        "float32 / faster of mat-vec + argpartition and FAISS flat",
        "float32 / int8",
    }
    results = {
        "setting": {
            "cpu": "a",
            "cores": 1,
            "system": "b",
            "python": "3",
            "versions": {"mien": "0"},
        },
        "measured": "today",
        "limits": {"read_gb_s": 10.0, "gemm_gflop_s": 100.0},
        "sizes": sizes,
    }
    page = markdown(results)
    assert "| 2,000 x 16 |" in page
    assert ElementTree.fromstring(growth(results)).tag.endswith("svg")


def test_ratios_are_formed_within_each_round() -> None:
    one, two, three = Timed((2.0, 4.0, 9.0)), Timed((1.0, 1.0, 3.0)), Timed((2.0, 0.5, 6.0))
    assert ratio(one, two) == pytest.approx(np.median([2, 4, 3]))
    assert ratio(one, two, three) == pytest.approx(np.median([2, 8, 3]))


def test_rounds_are_interleaved() -> None:
    calls: list[str] = []
    sides = {name: lambda name=name: calls.append(name) for name in "ab"}
    found = interleaved(sides, 2)
    assert calls == ["a", "b"] * 3
    assert [len(timed.rounds_s) for timed in found.values()] == [2, 2]


def test_the_plot_of_one_point() -> None:
    assert "polyline" in log_plot({"a limit": [(10, 1)]}, x_title="x", y_title="y")
