"""Networks that read rows of numbers: the contract of every head that is installed."""

from __future__ import annotations

import numpy as np
import pytest

from mien.errors import ArrayError
from mien.models import ModelSpec, list_specs, load

HEADS = [spec for spec in list_specs() if spec.preprocess.layout == "vector"]
pytestmark = pytest.mark.skipif(not HEADS, reason="needs mien-weights-research")


def rows_for(spec: ModelSpec, n: int) -> np.ndarray:
    """A unit template, then probabilities if the head reads some."""
    width = spec.preprocess.size_wh[0]
    rng = np.random.default_rng(0)
    template = rng.normal(0, 1, (n, 128))
    template /= np.linalg.norm(template, axis=1, keepdims=True)
    others = rng.dirichlet(np.ones(max(width - 128, 1)), n)[:, : width - 128]
    return np.hstack([template, others]).astype(np.float32)


@pytest.mark.parametrize("spec", HEADS, ids=lambda spec: spec.name)
class TestEveryHead:
    def test_a_batch_equals_its_rows_and_nothing_gives_nothing(self, spec: ModelSpec) -> None:
        network, rows = load(spec.name), rows_for(spec, spec.batch + 3)
        together, empty = network(rows), network(rows[:0])
        assert set(together) == set(spec.outputs)
        for name, column in together.items():
            alone = np.concatenate([network(row[None])[name] for row in rows])
            assert column == pytest.approx(alone, abs=1e-3)
            assert empty[name].shape == (0, *column.shape[1:])

    def test_outputs_are_in_range(self, spec: ModelSpec) -> None:
        outputs = load(spec.name)(rows_for(spec, 50))
        if "probabilities" in outputs:
            assert outputs["probabilities"].sum(axis=1) == pytest.approx(np.ones(50), abs=1e-5)
        else:
            assert ((outputs["age"] >= 0) & (outputs["age"] <= 100)).all()
            assert (outputs["spread"] > 0).all()

    def test_other_rows_say_what_was_got(self, spec: ModelSpec) -> None:
        rows = rows_for(spec, 2)
        with pytest.raises(ArrayError, match=rf"expected float32 \(N, {rows.shape[1]}\)"):
            load(spec.name)(rows[:, 1:])
        with pytest.raises(ArrayError, match="float64"):
            load(spec.name)(rows.astype(np.float64))

    def test_its_numbers_are_stated(self, spec: ModelSpec) -> None:
        assert spec.accuracy["n"] > 500
        assert spec.accuracy["low"] < spec.accuracy["high"]
        assert spec.calibration
