"""Block-wise comparison equals brute force, whatever the block."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import ArrayError, InputError, TemplateMismatchError
from mien.recognition.compare import compare, pair_scores, top_k
from tests.recognition.synthetic import templates

SIZES = st.integers(0, 12)


def assembled(probes, references, block: int) -> np.ndarray:
    scores = np.full((len(probes), len(references)), np.nan, np.float32)
    for part in compare(probes, references, block=block):
        rows, columns = part.scores.shape
        assert rows <= block
        assert columns <= block
        here = np.s_[part.probe_start :, part.reference_start :]
        scores[here][:rows, :columns] = part.scores
    return scores


@given(SIZES, SIZES, st.integers(1, 14), st.integers(0, 3))
def test_blocks_add_up_to_the_matrix(n: int, m: int, block: int, seed: int) -> None:
    probes, references = templates(n, seed=seed), templates(m, seed=seed + 9)
    expected = probes.vectors.astype(float) @ references.vectors.T.astype(float)
    np.testing.assert_allclose(assembled(probes, references, block), expected, atol=1e-7)
    np.testing.assert_array_equal(
        assembled(probes, references, block), assembled(probes, references, 100)
    )


@given(SIZES, SIZES, st.integers(1, 14), st.integers(1, 14), st.integers(0, 3))
def test_top_k_equals_a_stable_sort(n: int, m: int, k: int, block: int, seed: int) -> None:
    probes = templates(n, seed=seed, levels=3)
    references = templates(m, seed=seed + 1, levels=3)  # few directions: many ties
    scores = assembled(probes, references, 100)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    found = top_k(probes, references, k, block=block)
    np.testing.assert_array_equal(found.index, expected)
    np.testing.assert_array_equal(found.scores, np.take_along_axis(scores, expected, axis=1))


def test_equal_scores_are_ranked_by_index() -> None:
    references = templates(5)[[2, 0, 0, 1, 0]]
    found = top_k(references[[1]], references, 3, block=2)
    assert found.index.tolist() == [[1, 2, 4]]
    assert found.scores[0] == pytest.approx(1)


@given(SIZES, st.integers(0, 3))
def test_pair_scores_are_the_diagonal(n: int, seed: int) -> None:
    probes, references = templates(n, seed=seed), templates(n, seed=seed + 1)
    expected = np.diag(assembled(probes, references, 100))
    np.testing.assert_allclose(pair_scores(probes, references), expected, atol=1e-7)


def test_nothing_to_compare() -> None:
    some, none = templates(3), templates(0)
    assert list(compare(none, some)) == list(compare(some, none)) == []
    assert top_k(none, some, 2).index.shape == (0, 2)
    assert top_k(some, none, 2).scores.shape == (3, 0)
    assert pair_scores(none, none).shape == (0,)


def test_other_models_and_lengths_are_refused() -> None:
    one, other = templates(2), templates(2, model_id="other@1")
    for call in (compare, pair_scores):
        with pytest.raises(TemplateMismatchError, match="cannot be compared"):
            call(one, other)
    with pytest.raises(TemplateMismatchError):
        top_k(one, other, 1)
    with pytest.raises(ArrayError, match="2 probes and 3 references"):
        pair_scores(one, templates(3))
    with pytest.raises(InputError, match="block: got 0"):
        compare(one, one, block=0)
    with pytest.raises(InputError, match="k: got 0"):
        top_k(one, one, 0)
