"""Component attribution: a network whose effects are known, and scikit-learn's ridge."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")

from torch import nn  # noqa: E402

from mien.errors import InputError  # noqa: E402
from mien.explain.explaining import find  # noqa: E402
from mien.explain.inside.component_effects import (  # noqa: E402
    component_effects,
    explained_share,
    ridge,
)
from mien.explain.inside.watching import images_of, watch  # noqa: E402
from tests.explain.inside.networks import case_of, small_resnet, small_vit  # noqa: E402


def additive(channels: int = 6) -> nn.Sequential:
    torch.manual_seed(4)
    return nn.Sequential(
        *(nn.Conv2d(3, channels, 5, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        nn.Linear(channels, 3),
    ).eval()


def test_where_channels_add_up_their_effects_are_what_they_add() -> None:
    network = additive()
    target = np.array([1, 0, 0], np.float32)
    case = case_of(network, target=target, cosine=False)
    found = component_effects(case.inside, case.crop, ablations=80, share=0.3)
    maps = watch(case.inside, images_of(case.crop[None])).activations[0][0].detach()
    expected = (maps.mean(dim=(1, 2)) * network[4].weight[0]).detach().numpy()
    np.testing.assert_allclose(found.effects, expected, rtol=1e-2, atol=1e-2)
    assert found.r2 == pytest.approx(1, abs=1e-4)
    assert (found.n_fit, found.n_held_out) == (64, 16)
    np.testing.assert_array_equal(found.channels, np.arange(6))
    signed = find(case, method="components", budget=80).map
    assert signed.sum() == pytest.approx(expected.sum(), rel=0.02)


def test_r2_is_what_scikit_learn_says_of_the_same_ridge() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    kept = rng.random((120, 20)) > 0.2
    scores = kept @ rng.normal(size=20) + rng.normal(size=120)
    strengths = np.logspace(-6, 1, 15) * 100
    oracle = linear_model.RidgeCV(strengths).fit(kept[:100], scores[:100])
    coefficients, start = ridge(kept[:100], scores[:100])
    np.testing.assert_allclose(coefficients, oracle.coef_, rtol=1e-3, atol=1e-4)
    predicted = kept[100:] @ coefficients + start
    expected = metrics.r2_score(scores[100:], oracle.predict(kept[100:]))
    assert explained_share(scores[100:], predicted) == pytest.approx(expected, abs=1e-3)


def test_every_activation_is_made_of_components() -> None:
    case = case_of(small_resnet())
    found = component_effects(case.inside, case.crop, ablations=20)
    assert np.bincount(found.layers).tolist() == [4, 4, 6]
    tokens = case_of(small_vit())
    found = component_effects(tokens.inside, tokens.crop, ablations=12, layers=[1])
    assert set(found.layers.tolist()) == {1}
    assert len(found.effects) == 32


def test_few_ablations_are_refused() -> None:
    case = case_of(small_resnet())
    with pytest.raises(InputError, match="expected 10 or more"):
        component_effects(case.inside, case.crop, ablations=9)
