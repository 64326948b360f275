"""The trainer: its gradients, what it learns, and that a seed fixes it."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tools.heads.mlp import Dense, Recipe, _gradients, softmax, train


@pytest.fixture
def clouds():
    rng = np.random.default_rng(1)
    classes = rng.integers(0, 3, 1200)
    centres = np.array([[0, 0, 3], [2, 0, 0], [0, 2, 0]])
    rows = (centres[classes] + rng.normal(0, 1, (1200, 3))).astype(np.float32)
    return rows, classes


def loss(layers, rows, targets, places, distance_weight):
    hidden = rows
    for index, (weight, bias) in enumerate(layers):
        hidden = (np.maximum(hidden, 0) if index else hidden) @ weight + bias
    p = softmax(hidden)
    gap = np.abs((p - targets) @ places)
    return (-(targets * np.log(p)).sum(axis=1) + distance_weight * gap).mean()


def test_gradients_are_those_of_the_loss():
    rng = np.random.default_rng(0)
    layers = [
        [rng.normal(0, 1, (4, 5)), rng.normal(0, 1, 5)],
        [rng.normal(0, 1, (5, 3)), np.zeros(3)],
    ]
    rows, targets = rng.normal(0, 1, (6, 4)), softmax(rng.normal(0, 1, (6, 3)))
    places = np.array([0.0, 1.0, 5.0])
    recipe = Recipe(dropout=0.0, distance_weight=0.5)
    got = _gradients(layers, rows, targets, recipe, places, rng)
    for array, gradient in zip([a for layer in layers for a in layer], got, strict=True):
        for index in np.ndindex(array.shape):
            value, step = array[index], 1e-5
            array[index] = value + step
            above = loss(layers, rows, targets, places, 0.5)
            array[index] = value - step
            below = loss(layers, rows, targets, places, 0.5)
            array[index] = value
            assert gradient[index] == pytest.approx((above - below) / (2 * step), abs=1e-4)


def test_without_a_hidden_layer_it_is_logistic_regression(clouds):
    rows, classes = clouds
    recipe = Recipe(hidden=0, epochs=150, dropout=0.0, weight_decay=0.0, learning_rate=3e-2)
    ours = softmax(train(rows, np.eye(3, dtype=np.float32)[classes], recipe, seed=0).logits(rows))
    oracle = LogisticRegression(C=1e6, max_iter=1000).fit(rows, classes).predict_proba(rows)
    assert np.abs(ours - oracle).max() < 0.03


def test_a_hidden_layer_learns_what_a_plane_cannot():
    rng = np.random.default_rng(2)
    rows = rng.normal(0, 1, (2000, 2)).astype(np.float32)
    classes = (rows[:, 0] * rows[:, 1] > 0).astype(int)
    recipe = Recipe(hidden=32, epochs=40, dropout=0.0, learning_rate=1e-2)
    network = train(rows, np.eye(2, dtype=np.float32)[classes], recipe, seed=0)
    assert (network.logits(rows).argmax(axis=1) == classes).mean() > 0.95


def test_same_seed_same_weights(clouds):
    rows, classes = clouds
    targets, recipe = np.eye(3, dtype=np.float32)[classes], Recipe(hidden=4, epochs=2)
    first, again, other = (train(rows, targets, recipe, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.layers[0][0], again.layers[0][0])
    assert not np.array_equal(first.layers[0][0], other.layers[0][0])


def test_scaling_divides_logits_by_the_temperature():
    network = Dense(np.ones(2, np.float32), ((np.eye(2, dtype=np.float32), np.arange(2)),))
    rows = np.array([[3, 4]], np.float32)
    assert network.scaled(0.5).logits(rows) == pytest.approx(network.logits(rows) / 2)
