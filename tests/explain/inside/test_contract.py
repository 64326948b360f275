"""What every explainer of torch models must do, tested over the registry."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from mien.errors import InputError, MissingExtraError
from mien.explain import opened
from mien.explain.case import Case
from mien.explain.explainer import known_explainers
from mien.explain.explaining import explain_case, find
from mien.types.arrays import ByteArray
from tests.explain.conftest import make_game

METHODS = sorted(name for name, one in known_explainers().items() if one.needs_torch)


@pytest.mark.parametrize("method", METHODS)
def test_a_case_without_a_model_is_refused_with_what_takes_it(method: str) -> None:
    with pytest.raises(InputError, match=r"none; expected with_model.* occlusion"):
        find(make_game(), method=method)


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mien\[train\]'"):
        opened.need_torch()


def test_knowing_the_explainers_loads_no_torch() -> None:
    code = (
        "import sys; from mien.explain.explainer import known_explainers; known_explainers(); "
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def case_for(method: str) -> Case:
    """Return a case of a small network of the kind that the method explains."""
    pytest.importorskip("torch", reason="needs the extra train")
    from tests.explain.inside import networks

    build: Callable[[], Case] = getattr(networks, f"{method}_case", networks.small_case)
    return build()


@pytest.mark.parametrize("method", METHODS)
class TestEveryExplainerOfTorchModels:
    def test_shapes_finite_values_and_the_score(self, method: str) -> None:
        case = case_for(method)
        found = find(case, method=method)
        assert found.map.shape == case.labels.shape
        assert found.map.dtype == np.float32
        assert np.isfinite(found.map).all()
        assert found.map.any()
        assert found.region_scores.shape == (len(case.regions),)
        assert found.base_score == pytest.approx(float(case.score(case.crop[None])[0]), abs=1e-6)
        sums = [found.map[case.labels == row].sum() for row in range(len(case.regions))]
        np.testing.assert_allclose(found.region_scores, sums, rtol=1e-3, atol=1e-6)

    def test_it_keeps_to_its_budget(self, method: str) -> None:
        case, one = case_for(method), known_explainers()[method]
        assert 2 <= one.smallest_budget <= one.budget
        for budget in (one.smallest_budget, one.smallest_budget + 5):
            seen: list[int] = []
            watched = replace(case, score=counting(case, seen))
            found = find(watched, method=method, budget=budget)
            assert sum(seen) <= found.model_calls <= budget

    def test_a_seed_gives_the_same_and_the_model_stays_as_it_was(self, method: str) -> None:
        case = case_for(method)
        before = {name: kept.clone() for name, kept in case.inside.module.state_dict().items()}
        first, again = (find(case, method=method, seed=3) for _ in range(2))
        np.testing.assert_array_equal(first.map, again.map)
        after = case.inside.module.state_dict()
        assert all((after[name] == kept).all() for name, kept in before.items())
        assert not any(one.grad is not None for one in case.inside.module.parameters())

    def test_a_crop_without_a_picture(self, method: str) -> None:
        case = case_for(method)
        grey = np.full_like(case.crop, 90)
        found = find(replace(case, crop=grey), method=method)
        assert np.isfinite(found.map).all()

    def test_the_explanation_lies_where_the_crop_lies(self, method: str) -> None:
        explained = explain_case(case_for(method), method=method)
        assert explained.map.shape == (140, 160)
        outside = np.ones((140, 160), bool)
        # The crop's edge is drawn between pixels: it reaches half a crop's pixel beyond.
        outside[19 : 21 + 2 * 48, 9 : 11 + 2 * 48] = False
        assert not explained.map[outside].any()


def counting(case: Case, seen: list[int]) -> Callable[[ByteArray], np.ndarray]:
    def score(crops: ByteArray) -> np.ndarray:
        seen.append(len(crops))
        return case.score(crops)

    return score


def test_another_model_than_the_cases_is_refused() -> None:
    pytest.importorskip("torch", reason="needs the extra train")
    from tests.explain.inside.networks import small_case, small_resnet

    case = small_case()
    other = replace(case.inside, module=small_resnet(seed=9))
    with pytest.raises(InputError, match=r"the torch model scores .* expected the same model"):
        opened.with_model(replace(case, inside=None), other)


def test_a_layer_that_is_none_and_a_target_that_does_not_fit_are_refused() -> None:
    pytest.importorskip("torch", reason="needs the extra train")
    from tests.explain.inside.networks import case_of, small_case, small_resnet

    with pytest.raises(InputError, match="layer: got 'nose', expected one of stem, same"):
        find(case_of(small_resnet(), layer="nose"), method="grad_cam")
    narrow = replace(small_case().inside, target=np.ones(3, np.float32))
    with pytest.raises(InputError, match=r"outputs \(1, 8\), expected \(1, 3\)"):
        opened.with_model(make_game(), narrow)
