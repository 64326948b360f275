"""Grad-CAM, Grad-CAM++ and integrated gradients beside captum and plain loops."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")

from torch import nn  # noqa: E402

from mien.explain.explaining import find  # noqa: E402
from mien.explain.inside.placing import map_layer, on_crop  # noqa: E402
from mien.explain.inside.watching import Frame, images_of, score_of, watch  # noqa: E402
from mien.explain.masking import hidden_crop  # noqa: E402
from tests.explain.inside.networks import case_of, small_resnet  # noqa: E402


def same_size() -> nn.Sequential:
    """A network whose last map has a unit a pixel: what a map says needs no placing."""
    torch.manual_seed(2)
    return nn.Sequential(
        *(nn.Conv2d(3, 5, 3, padding=1), nn.ReLU(), nn.Conv2d(5, 4, 3, padding=1), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 6)),
    ).eval()


def test_grad_cam_is_captums() -> None:
    attr = pytest.importorskip("captum.attr")
    network = same_size()
    case = case_of(network)
    cam = attr.LayerGradCam(lambda x: score_of(case.inside, network(x)), network[3])
    expected = cam.attribute(images_of(case.crop[None]))[0, 0].detach().numpy()
    found = find(case, method="grad_cam")
    np.testing.assert_allclose(found.map, expected, rtol=1e-4, atol=1e-9)
    assert (found.map < 0).any()


def test_a_layer_named_and_the_deepest_map_are_the_same_here() -> None:
    network = same_size()
    by_name = find(case_of(network, layer="3"), method="grad_cam")
    np.testing.assert_array_equal(by_name.map, find(case_of(network), method="grad_cam").map)


def test_grad_cam_plus_is_the_papers_sums() -> None:
    network = same_size()
    case = case_of(network)
    trace = watch(case.inside, images_of(case.crop[None]))
    layer = trace.activations[-1]
    (slope,) = torch.autograd.grad(score_of(case.inside, trace.outputs).sum(), layer)
    maps, slopes = layer[0].detach().numpy().astype(float), slope[0].numpy().astype(float)
    expected = np.zeros(maps.shape[1:])
    for values, gradient in zip(maps, slopes, strict=True):
        weight = 0.0
        for g in gradient.ravel():
            below = 2 * g**2 + values.sum() * g**3
            weight += (g**2 / below if below else 0.0) * max(g, 0.0)
        expected += weight * values
    expected = np.maximum(expected, 0)
    expected *= abs(float(case.score(case.crop[None])[0])) / expected.sum()
    np.testing.assert_allclose(find(case, method="grad_cam_plus").map, expected, rtol=1e-4)


def test_integrated_gradients_are_captums_and_sum_to_the_difference() -> None:
    attr = pytest.importorskip("captum.attr")
    network = small_resnet()
    case = case_of(network)
    hidden = hidden_crop(case.crop, case.fill)
    expected = attr.IntegratedGradients(lambda x: score_of(case.inside, network(x))).attribute(
        images_of(case.crop[None]),
        baselines=images_of(hidden[None]),
        n_steps=40,
        method="riemann_middle",
    )
    found = find(case, method="integrated_gradients", budget=41)
    np.testing.assert_allclose(found.map, expected.sum(dim=1)[0].detach(), atol=1e-6)
    whole, without = case.score(np.stack([case.crop, hidden])).tolist()
    assert found.map.sum() == pytest.approx(whole - without, rel=0.02, abs=1e-3)


@pytest.mark.parametrize("place_yx", [(12, 12), (20, 31), (33, 17)])
def test_a_unit_lies_where_it_looks(place_yx: tuple[int, int]) -> None:
    """A bright dot lights the units that see it; their map over the crop is brightest there."""
    averages = nn.Sequential(
        *(nn.Conv2d(3, 1, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.ZeroPad2d((1, 0, 1, 0))),
        *(nn.Conv2d(1, 1, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(121, 2)),
    ).eval()
    with torch.no_grad():
        for layer in (averages[0], averages[4]):
            layer.weight.fill_(0.1)
            layer.bias.zero_()
    images = torch.zeros(1, 3, 48, 48)
    images[:, :, place_yx[0], place_yx[1]] = 1
    case = case_of(averages)
    trace = watch(case.inside, images)
    layer, frame = map_layer(trace)
    assert frame == Frame((1.0, 1.0), (4.0, 4.0))
    light = on_crop(layer[0, 0].detach().numpy(), frame, (48, 48))
    rows, columns = np.indices(light.shape)
    centre = [(light * axis).sum() / light.sum() for axis in (rows, columns)]
    np.testing.assert_allclose(centre, place_yx, atol=1.5)


def test_what_is_placed_keeps_its_sum() -> None:
    units = np.zeros((6, 6))
    units[4:, :2] = [[1.0, -2.0], [3.0, 4.0]]
    assert on_crop(units, Frame((5.0, 5.0), (4.0, 4.0)), (32, 32)).sum() == pytest.approx(6.0)
