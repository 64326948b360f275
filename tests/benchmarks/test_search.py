"""The search benchmark runs from end to end, on little."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("faiss")
pytest.importorskip("numkong")
pytest.importorskip("usearch")
from benchmarks import search
from benchmarks.search import Timed, interleaved, measure, measure_graph, ratio
from benchmarks.search_page import add_size, growth, markdown, read_previous, write
from mien.gallery import index_hnsw

SETTING = {"cpu": "a", "cores": 1, "system": "b", "python": "3", "versions": {"mien": "0"}}


def results(*sizes: dict[str, Any], graphs: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {
        "format": 2,
        "setting": SETTING,
        "limits": {"read_gb_s": 10.0, "gemm_gflop_s": 100.0},
        "sizes": [size | {"measured": "today"} for size in sizes],
        "graphs": [graph | {"measured": "today"} for graph in graphs],
    }


def test_a_small_run_becomes_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [measure(n, 16, tmp_path, 2) for n in (500, 2000)]
    assert all(size["recall"] == 1 for size in sizes)
    assert sizes[1]["one_ratios"].keys() == {
        "float32 / faster of mat-vec + argpartition and FAISS flat",
        "float32 / int8",
    }
    monkeypatch.setattr(search, "LARGEST_FLOAT32_BYTES", 1000)
    alone = measure(3000, 16, tmp_path, 2)
    assert alone["recall"] == 1
    assert "open" not in alone
    monkeypatch.setattr(index_hnsw, "HNSW_LEAST", 1000)
    graph = measure_graph(2000, 16, tmp_path, 2, random=False)
    assert graph["recall"] > 0.9
    made = results(*sizes, alone, graphs=(graph,))
    write(tmp_path / "search.md", made)
    page = (tmp_path / "search.md").read_text("utf-8")
    assert all(row in page for row in ("| 2,000 x 16 |", "| 3,000 x 16 |", "ten alike", "today"))
    for name in ("one", "batch"):
        assert ElementTree.fromstring(growth(made, name)).tag.endswith("svg")


def test_what_was_measured_before_stays(tmp_path: Path) -> None:
    out = tmp_path / "search.md"
    made = read_previous(out, SETTING)
    assert (made["sizes"], made["graphs"]) == ([], [])
    made["limits"] = results()["limits"]
    for n, dimension, measured in ((20, 8, "first"), (10, 8, "first"), (20, 8, "second")):
        add_size(made, "graphs", {"n": n, "dimension": dimension, "measured": measured})
    assert [(g["n"], g["measured"]) for g in made["graphs"]] == [(10, "first"), (20, "second")]
    out.with_suffix(".json").write_text(json.dumps(made), "utf-8")
    assert read_previous(out, SETTING)["graphs"] == made["graphs"]
    assert read_previous(out, SETTING | {"cores": 64})["graphs"] == []
    assert "## One probe" not in markdown(results())


def test_ratios_are_formed_within_each_round() -> None:
    one, two, three = Timed((2.0, 4.0, 9.0)), Timed((1.0, 1.0, 3.0)), Timed((2.0, 0.5, 6.0))
    assert ratio(one, two) == pytest.approx(np.median([2, 4, 3]))
    assert ratio(one, two, three) == pytest.approx(np.median([2, 8, 3]))


def test_rounds_are_interleaved() -> None:
    calls: list[str] = []
    sides = {name: lambda name=name: calls.append(name) for name in "ab"}
    found = interleaved(sides, 2)
    # Of the two calls in a row, the second is timed.
    assert calls == ["a", "a", "b", "b"] * 2
    assert [len(timed.rounds_s) for timed in found.values()] == [2, 2]
