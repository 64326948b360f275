"""Shapley values of regions: what each gives on average, whichever others are seen already."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.masking import Masks
from mien.explain.spreading import over_regions
from mien.types.arrays import Array, BoolArray, FloatArray

#: Sizes come whole only where so many coalitions a player are left to be drawn, for the first size
#: and for others: few that stand for many are worse than none. Measured on faces with all 8,192
#: coalitions of 13 regions: least error from 64 to 512 crops, and jackknife intervals that hold.
_DRAWN_FIRST, _DRAWN = 2, 6


@dataclass(frozen=True, slots=True, eq=False)
class Coalitions:
    """Which players are in (N,P), with which weight (N,), and in which drawn pair (N,), -1: none.

    The empty coalition and that of all are left out: both always count, with infinite weight.
    """

    inside: BoolArray
    weight: FloatArray
    pair: Array


def find(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Score coalitions of regions; fit the additive game that is nearest, which has these values.

    Exact where the budget takes all coalitions; else their standard errors are the jackknife's.
    """
    masks = Masks(case, budget)
    present = masks.present()
    drawn = draw(len(present), budget - 2, generator)
    kept = np.zeros((len(drawn.inside) + 2, len(case.regions)), bool)
    kept[1] = True
    kept[2:, present] = drawn.inside
    nothing, whole, *values = masks.score_regions(kept).astype(np.float64)
    found, errors = fit(drawn, np.array(values) - nothing, whole - nothing)
    scores, spread = np.zeros((2, len(case.regions)), np.float32)
    scores[present], spread[present] = found, errors
    exact = not (drawn.pair >= 0).any()
    return Finding(
        float(whole),
        over_regions(scores, case.labels),
        scores,
        masks.calls,
        spread,
        ("exact: every set of regions was tried",) if exact else (),
    )


def draw(n: int, budget: int, generator: np.random.Generator) -> Coalitions:
    """Return at most ``budget`` coalitions of ``n`` players, each beside its complement.

    Sizes that the budget takes whole come whole, small and large ones first: their weight is the
    largest (Lundberg & Lee 2017). Of the others pairs are drawn, by weight.
    """
    inside: list[BoolArray] = []
    weight: list[float] = []
    size = 1
    while size <= n // 2 and (count := _with_complements(n, size)) <= budget - len(inside):
        left = budget - len(inside) - count
        others = 2**n - 2 - len(inside) - count
        if left < min(others, n * (_DRAWN_FIRST if size == 1 else _DRAWN)):
            break
        members = [_members(n, chosen) for chosen in combinations(range(n), size)]
        both = members if 2 * size == n else [*members, *(~one for one in members)]
        inside += both
        weight += [_weight(n, size)] * count
        size += 1
    sizes = np.arange(size, n // 2 + 1)
    pairs = (budget - len(inside)) // 2
    whole = len(inside)
    if len(sizes) and pairs > 0:
        shares = np.array([_with_complements(n, int(s)) * _weight(n, int(s)) for s in sizes])
        for chosen in generator.choice(sizes, pairs, p=shares / shares.sum()):
            one = _members(n, tuple(generator.permutation(n)[:chosen]))
            inside += [one, ~one]
        weight += [float(shares.sum()) / (2 * pairs)] * (2 * pairs)
    pair = np.full(len(inside), -1)
    pair[whole:] = np.arange(len(inside) - whole) // 2
    table = np.array(inside, bool).reshape(len(inside), n)
    return Coalitions(table, np.array(weight, np.float64), pair)


def fit(drawn: Coalitions, values: FloatArray, total: float) -> tuple[FloatArray, FloatArray]:
    """Return the values (P,) of the nearest additive game, in sum ``total``, and their errors.

    ``values (N,)`` of the coalitions, over that of the empty one. Least squares with the kernel's
    weights; the errors leave out one drawn pair after the other, 0 where none was drawn.
    """
    rows = drawn.inside.astype(np.float64)
    found = _solve(rows, drawn.weight, values, total)
    pairs = int(drawn.pair.max(initial=-1)) + 1
    if pairs < 2:
        return found, np.abs(found) * pairs  # one pair says nothing about its error
    others = np.empty((pairs, len(found)))
    for pair in range(pairs):
        weight = np.where(drawn.pair >= 0, drawn.weight * pairs / (pairs - 1), drawn.weight)
        weight[drawn.pair == pair] = 0
        others[pair] = _solve(rows, weight, values, total)
    spread = np.sqrt((pairs - 1) * ((others - others.mean(axis=0)) ** 2).mean(axis=0))
    return found, spread


def _solve(rows: FloatArray, weight: FloatArray, values: FloatArray, total: float) -> FloatArray:
    """Return the weighted least squares solution under the constraint on its sum."""
    n = rows.shape[1]
    system = np.zeros((n + 1, n + 1))
    system[:n, :n] = rows.T @ (rows * weight[:, None])
    system[:n, n] = system[n, :n] = 1
    right = np.append(rows.T @ (weight * values), total)
    # Too few coalitions leave players apart that were never told apart: the smallest solution.
    found = np.linalg.lstsq(system, right, rcond=None)[0][:n]
    return np.asarray(found + (total - found.sum()) / n, np.float64)


def _weight(n: int, size: int) -> float:
    return (n - 1) / (comb(n, size) * size * (n - size))


def _with_complements(n: int, size: int) -> int:
    return comb(n, size) * (1 if 2 * size == n else 2)


def _members(n: int, chosen: tuple[int, ...]) -> BoolArray:
    inside = np.zeros(n, bool)
    inside[list(chosen)] = True
    return inside


register(
    Explainer(
        name="shapley",
        title="Shapley values of regions",
        find=find,
        budget=128,
        paper="Lundberg & Lee 2017",
        smallest_budget=64,
    )
)
