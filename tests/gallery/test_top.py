"""The best rows of a matrix: exact, ties included, whatever the blocks are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.gallery import index
from mien.gallery.index import Float32Index
from mien.gallery.index_int8 import Int8Index
from mien.gallery.layout import record_type
from mien.gallery.top import ROUNDING, best_rows
from tests.gallery.synthetic import templates


def found_in(
    probes: np.ndarray, matrix: np.ndarray, filled: np.ndarray, k: int, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Search a matrix part by part."""
    products = ((low, matrix[low : low + size] @ probes.T) for low in range(0, len(matrix), size))
    return best_rows(products, filled, k, n_probes=len(probes), rounding=ROUNDING)


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(0, 12_000),
    n_probes=st.integers(0, 4),
    k=st.integers(1, 40),
    size=st.sampled_from([1000, 4096, 5000, 20_000]),
    scale=st.sampled_from([None, 127]),
    n_equal=st.integers(0, 60),
    n_empty=st.integers(0, 5000),
    seed=st.integers(0, 99),
)
def test_nothing_better_is_missed(
    n: int,
    n_probes: int,
    k: int,
    size: int,
    scale: int | None,
    n_equal: int,
    n_empty: int,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((n, 5)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    probes = rng.standard_normal((n_probes, 5)).astype(np.float32)
    filled = np.ones(n, bool)
    if n:
        matrix[rng.integers(0, n, n_equal)] = matrix[0]
        filled[rng.integers(0, n, n_empty)] = False
    if scale is not None:
        matrix, probes = (np.rint(scale * side).astype(np.int32) for side in (matrix, probes))
    owners, found = found_in(probes, matrix, filled, k, size)
    assert (np.diff(owners) >= 0).all()
    for number, probe in enumerate(probes):
        rows = found[owners == number]
        scores = matrix.astype(float) @ probe.astype(float)
        there = np.flatnonzero(filled)
        least = np.sort(scores[there])[-k:].min(initial=np.inf)
        must = set(there[scores[there] >= least].tolist())
        assert must <= set(rows.tolist()) <= set(there.tolist())
        assert len(set(rows.tolist())) == len(rows)
        assert (scores[rows] >= least - 1e-4).all()


def test_a_constructed_case() -> None:
    matrix = np.array([[1, 0], [0, 1], [0.6, 0.8], [0, 1], [-1, 0]], np.float32)
    filled = np.array([True, True, True, False, True])
    _, rows = found_in(np.array([[0.0, 1.0]], np.float32), matrix, filled, 2, 5)
    assert sorted(rows.tolist()) == [1, 2]


@pytest.mark.parametrize("kind", [Float32Index, Int8Index])
def test_an_index_grows_and_forgets(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind is Int8Index:
        pytest.importorskip("numkong")
    monkeypatch.setattr(index, "BLOCK_ROWS", 2048)
    monkeypatch.setattr("mien.gallery.index_int8.BLOCK_ROWS", 2048)
    made, stored = kind(32), templates(5000, 32).vectors
    rng = np.random.default_rng(0)
    for low in range(0, 5000, 700):
        rows = np.arange(low, min(low + 700, 5000))
        records = np.zeros(len(rows), record_type(32))
        records["reference"], records["vector"] = rows + 1, stored[rows]
        made.reserve(int(rows[-1]) + 1)
        made.put(rows, records)
    gone = rng.choice(5000, 4000, replace=False)
    made.put(gone, np.zeros(len(gone), record_type(32)))
    probes = templates(20, 32, seed=1).vectors
    scores = probes @ stored.T
    scores[:, gone] = -np.inf
    owners, found = made.nearest(probes, 5)
    for number, expected in enumerate(np.argsort(-scores)[:, :5]):
        rows = found[owners == number]
        assert set(expected.tolist()) <= set(rows.tolist())
        assert not set(rows.tolist()) & set(gone.tolist())


def test_int8_finds_what_float32_finds() -> None:
    pytest.importorskip("numkong")
    stored, probes = templates(20_000, 128), templates(100, 128, seed=1).vectors
    records = np.zeros(20_000, record_type(128))
    records["reference"], records["vector"] = np.arange(1, 20_001), stored.vectors
    made = Int8Index(128)
    made.reserve(20_000)
    made.put(np.arange(20_000), records)
    expected = np.argsort(-(probes @ stored.vectors.T))[:, :10]
    owners, rows = made.nearest(probes, 10)
    hits = [
        len(set(best.tolist()) & set(rows[owners == number].tolist()))
        for number, best in enumerate(expected)
    ]
    assert np.mean(hits) / 10 >= 0.999
    # One probe goes another way than several.
    for number, probe in enumerate(probes[:5]):
        _, alone = made.nearest(probe[None], 10)
        assert set(alone.tolist()) == set(rows[owners == number].tolist())
