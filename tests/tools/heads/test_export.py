"""A saved head says what the trained one said."""

import numpy as np
import onnxruntime
import pytest

from tools.heads.export import FLOOR, age_graph, classes_graph
from tools.heads.fit import PLACES, best_spread, fit_ages, fit_classes, smoothed
from tools.heads.mlp import Recipe, softmax

RECIPE = Recipe(hidden=16, epochs=3)


def run(model, rows):
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"rows": rows}), strict=True))


@pytest.fixture
def rows():
    """Far from zero in some columns, and hardly different from picture to picture in others."""
    rows = np.random.default_rng(3).normal(0, 1, (400, 20))
    rows[:, 10:12] = 0.5 + 0.01 * rows[:, 10:12]
    return rows.astype(np.float32)


@pytest.fixture
def files():
    return np.array([f"{index}.jpg" for index in range(400)])


def test_a_saved_classifier_gives_the_same_probabilities(rows, files):
    head = fit_classes(rows, (rows[:, 0] > 0).astype(np.int64), files, RECIPE)
    graph = classes_graph(head, plain=20, others=0)
    saved = run(graph, rows)["probabilities"]
    assert np.abs(saved - softmax(head.network.logits(rows))).max() < 1e-3
    assert run(graph, rows[:0])["probabilities"].shape == (0, 2)


def test_a_saved_age_head_gives_the_same_age_and_spread(rows, files):
    years = (40 + 10 * rows[:, 0]).astype(np.float32)
    others = softmax(rows[:, 12:])
    read = np.hstack([rows[:, :12], np.log(others + FLOOR)])
    head = fit_ages(read, years, files, RECIPE)
    saved = run(age_graph(head, plain=12, others=8), np.hstack([rows[:, :12], others]))
    distribution = softmax(head.network.logits(read))
    mean = distribution @ PLACES
    variance = distribution @ PLACES**2 - mean**2
    deviation = np.sqrt(head.spread.base_years**2 + head.spread.scale**2 * variance)
    assert np.abs(saved["age"] - mean).max() < 0.05
    assert np.abs(saved["spread"] - deviation).max() < 0.05


def test_the_temperature_is_that_of_unseen_rows(files):
    # Labels that rows say nothing about: a network that is sure of itself must be cooled down.
    rng = np.random.default_rng(0)
    rows = rng.normal(0, 1, (400, 20)).astype(np.float32)
    recipe = Recipe(hidden=32, epochs=60, dropout=0.0, weight_decay=0.0, learning_rate=1e-2)
    assert fit_classes(rows, rng.integers(0, 2, 400), files, recipe).temperature > 3


def test_ages_are_smoothed_around_the_label():
    targets = smoothed(np.array([30.0, 116.0]))
    assert targets.sum(axis=1) == pytest.approx([1, 1])
    assert targets.argmax(axis=1).tolist() == [30, 100]
    assert targets[0] @ PLACES == pytest.approx(30, abs=1e-3)


def test_the_spread_is_that_of_the_errors():
    rng = np.random.default_rng(4)
    deviation = rng.uniform(0.1, 8, 20_000)
    errors = rng.normal(0, np.sqrt(3**2 + (1.5 * deviation) ** 2))
    spread = best_spread(errors, deviation)
    assert (spread.base_years, spread.scale) == pytest.approx((3, 1.5), rel=0.05)
