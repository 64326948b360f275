"""Excitation back-propagation beside its definition in loops over dense matrices."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra train")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from mien.errors import InputError  # noqa: E402
from mien.explain.excitation_contrastive import truncated_difference  # noqa: E402
from mien.explain.explaining import find  # noqa: E402
from mien.explain.inside.excitation import excite  # noqa: E402
from mien.explain.inside.watching import images_of, watch  # noqa: E402
from tests.explain.inside.networks import SmallResNet, case_of, small_resnet  # noqa: E402


def dense(operation: object, shape: tuple[int, ...]) -> np.ndarray:
    """The matrix of a linear operation on maps of a shape: an input unit a column."""
    units = torch.eye(int(np.prod(shape))).reshape(-1, *shape)
    with torch.no_grad():
        return operation(units).flatten(1).numpy().T.astype(float)


def down(winning: np.ndarray, matrix: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Equation 2 of the source, as it stands: P(a_j) = sum_i P(a_i) w+_ij a_j / sum_k w+_ik a_k."""
    out = np.zeros(len(below))
    for above, probability in enumerate(winning):
        put_in = np.maximum(matrix[above], 0) * np.maximum(below, 0)
        if put_in.sum() > 0:
            out += probability * put_in / put_in.sum()
    return out


def shared(winning: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, ...]:
    a, b = np.maximum(first, 0), np.maximum(second, 0)
    total = np.where(a + b > 0, a + b, 1)
    return winning * a / total, winning * b / total


def by_hand(network: SmallResNet, image: torch.Tensor, row: np.ndarray) -> np.ndarray:
    """Who wins among the units behind the first pooling, for a direction of the outputs."""
    with torch.no_grad():
        first = functional.relu(network.stem((image - 110.0) / 128.0))
        pooled = functional.max_pool2d(first, 2)
        branch = network.same(pooled)
        summed = functional.relu(branch + pooled)
        halved = network.less(summed)
        rows = halved.shape[2]

        def shortcut(x: torch.Tensor) -> torch.Tensor:
            grown = functional.pad(functional.avg_pool2d(x, 2), (0, 0, 0, 0, 0, 2))
            return grown[:, :, :rows, :rows]

        old = shortcut(summed)
        top = functional.relu(halved + old)
        features = top.mean(dim=(2, 3))[0].numpy().astype(float)
    weights = row.astype(float) @ network.last.weight.detach().numpy().astype(float)
    won = np.maximum(weights, 0) * np.maximum(features, 0)
    won /= won.sum()
    won = down(won, dense(lambda x: x.mean(dim=(2, 3)), top.shape[1:]), top.numpy().ravel())
    new, kept = shared(won, halved.numpy().ravel(), old.numpy().ravel())
    plain = convolution(network.less.weight, stride=2, padding=0)
    below = summed.numpy().ravel()
    won = down(new, dense(plain, summed.shape[1:]), below)
    won += down(kept, dense(shortcut, summed.shape[1:]), below)
    new, kept = shared(won, branch.numpy().ravel(), pooled.numpy().ravel())
    plain = convolution(network.same.weight, stride=1, padding=1)
    return down(new, dense(plain, pooled.shape[1:]), pooled.numpy().ravel()) + kept


def convolution(weight: torch.Tensor, **settings: int) -> object:
    return lambda x: functional.conv2d(x, weight.detach(), **settings)


def test_a_residual_network_by_hand() -> None:
    network = small_resnet()
    images = torch.rand(1, 3, 18, 18, generator=torch.Generator().manual_seed(1)) * 255
    case = case_of(network)
    excited = excite(case.inside, images, smallest_side=9)
    assert excited.units.shape == (1, 4, 9, 9)
    # Winners are read behind the sum; the reference goes one block further down.
    pooled = excited.trace.activations[0]
    won = excited.winners(case.inside.target)
    assert won.sum() == pytest.approx(1)
    (through,) = torch.autograd.grad(
        excited.units, pooled, torch.from_numpy(won)[None], retain_graph=True
    )
    reached = functional.max_pool2d(pooled, 2, return_indices=True)[1][0].numpy()
    got = through[0].numpy().reshape(4, -1)
    got = np.stack([got[c, reached[c].ravel()] for c in range(4)]).ravel()
    expected = by_hand(network, images, case.inside.target)
    np.testing.assert_allclose(got, expected, rtol=2e-4, atol=1e-8)


def test_the_network_itself_is_not_changed() -> None:
    network = small_resnet()
    case = case_of(network)
    images = images_of(case.crop[None])
    excited = excite(case.inside, images, smallest_side=8)
    torch.testing.assert_close(excited.trace.outputs, network(images), rtol=1e-5, atol=1e-5)


def test_batch_normalisation_and_modules_are_walked_through() -> None:
    torch.manual_seed(3)
    network = nn.Sequential(
        *(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.AvgPool2d(2)),
        *(nn.Conv2d(4, 4, 3), nn.PReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout()),
        nn.Linear(4, 6),
    ).eval()
    found = find(case_of(network), method="excitation")
    assert found.map.sum() == pytest.approx(abs(found.base_score))


def test_only_what_the_target_reads_wins() -> None:
    """The target reads the left half of the last map; nothing right of it, and its reach, wins."""

    class Halves(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.maps = nn.Conv2d(3, 4, 3, padding=1)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            maps = functional.relu(self.maps(images))
            left, right = maps[:, :, :, :24], maps[:, :, :, 24:]
            return torch.cat([left.mean(dim=(2, 3)), right.mean(dim=(2, 3))], dim=1)

    torch.manual_seed(0)
    network = Halves().eval()
    row = np.array([1, 1, 1, 1, 0, 0, 0, 0], np.float32)
    case = case_of(network, target=row, cosine=False)
    found = find(case, method="excitation").map
    assert found[:, :24].sum() > 0
    assert not found[:, 24:].any()
    against = case_of(network, target=row, contrast=row[::-1].copy(), cosine=False)
    signed = find(against, method="excitation_contrastive").map
    assert signed[:, :24].min() >= 0
    subtree = find(case, method="excitation_subtree").map
    assert subtree[:, :24].sum() > 0
    assert not subtree[:, 24:].any()


def test_truncation_leaves_the_weakest_out() -> None:
    speaks_for = np.array([[0.05, 0.1], [0.25, 0.6]], np.float32)
    against = np.array([[0.5, 0.2], [0.2, 0.1]], np.float32)
    # Sorted and summed: 0.05, 0.15, 0.40, 1.00; from 0.2 on are kept.
    expected = np.array([[0, 0], [0.05, 0.5]], np.float32)
    np.testing.assert_allclose(truncated_difference(speaks_for, against, share=0.2), expected)


def test_the_roots_of_subtrees_move_the_score_most() -> None:
    """Raising one unit of a layer by a little moves the score by the gain that its root has."""
    from mien.explain.excitation_subtree import _roots

    case = case_of(small_resnet(bias=False))
    images = images_of(case.crop[None])
    roots = _roots(case.inside, watch(case.inside, images))
    assert len(roots) == 3

    def raised(layer: int, unit: int, by: float) -> float:
        def edit(index: int, out: torch.Tensor) -> torch.Tensor:
            if index != layer:
                return out
            flat = out.clone().flatten()
            flat[unit] += by
            return flat.reshape(out.shape)

        from mien.explain.inside.watching import score_of

        return score_of(case.inside, watch(case.inside, images, edit=edit).outputs).item()

    for layer, (gain, unit) in enumerate(roots):
        moved = (raised(layer, unit, 1e-1) - raised(layer, unit, 0.0)) / 1e-1
        assert moved == pytest.approx(gain, rel=0.05, abs=2e-5)
        for other in (0, 7, 100):
            assert gain >= (raised(layer, other, 1e-1) - raised(layer, other, 0)) / 1e-1 - 2e-5


def test_what_has_no_rule_is_said() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.GELU(), nn.Flatten(), nn.Linear(8464, 2)).eval()
    with pytest.raises(InputError, match="no rule for gelu"):
        find(case_of(network), method="excitation")
