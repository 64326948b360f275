"""Shapley values of regions: what each gives on average, whichever others are seen already."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from mien.explain.case import Case
from mien.explain.explainer import Explainer, Finding, register
from mien.explain.masking import Masks, detail
from mien.explain.spreading import over_detail, softened
from mien.types.arrays import Array, BoolArray, FloatArray

#: Sizes come whole only where so many coalitions a player are left to be drawn, for the first size
#: and for others: few that stand for many are worse than none. Measured on faces with all 8,192
#: coalitions of 13 regions: least error from 64 to 512 crops, and jackknife intervals that hold.
_DRAWN_FIRST, _DRAWN = 2, 6


#: Over how much of the crop's side a region's value fades into the next one's: what lies right
#: beside a part that matters belongs to it, and a map that ends in a step orders pixels worse.
_SOFT = 1 / 75
#: What hides regions, in turn, unless the case says: what a score owes to one of them alone (to
#: the colours that a blurred crop still has, to the texture of noise) is averaged out.
_FILLS = ("blur", "mean", "noise")


@dataclass(frozen=True, slots=True, eq=False)
class Coalitions:
    """Which players are in (N,P), weight (N,), fill (N,) by number, and drawn pair (N,), -1: none.

    The empty coalition and that of all are left out: both always count, with infinite weight.
    """

    inside: BoolArray
    weight: FloatArray
    fill: Array
    pair: Array


def find(case: Case, budget: int, generator: np.random.Generator) -> Finding:
    """Score coalitions of regions; fit the additive game that is nearest, which has these values.

    The game is the mean over the fills. Exact where the budget takes all coalitions; else their
    standard errors are the jackknife's.
    """
    masks = Masks(case, budget)
    present = masks.present()
    fills = _FILLS if case.fill is None else (case.fill,)
    drawn = draw(len(present), budget - 1 - len(fills), generator, fills=len(fills))
    kept = np.zeros((1 + len(fills) + len(drawn.inside), len(case.regions)), bool)
    kept[0] = True
    kept[1 + len(fills) :, present] = drawn.inside
    order = [fills[0], *fills, *(fills[one] for one in drawn.fill)]
    scored = masks.score_regions(kept, fills=order).astype(np.float64)
    found, errors = _values(drawn, scored[0], scored[1 : 1 + len(fills)], scored[1 + len(fills) :])
    scores, spread = np.zeros((2, len(case.regions)), np.float32)
    scores[present], spread[present] = found, errors
    notes = (f"what is hidden is {' and '.join(fills)}, in turn",) if len(fills) > 1 else ()
    if not (drawn.pair >= 0).any():
        notes = ("exact: every set of regions was tried", *notes)
    values = softened(over_detail(scores, case.labels, detail(case.crop)), _SOFT)
    return Finding(float(scored[0]), values, scores, masks.calls, spread, notes)


def _values(
    drawn: Coalitions, whole: float, nothing: FloatArray, scored: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the values (P,) of the mean game over the fills, and their errors.

    ``nothing (F,)``: scores of the empty coalition. Each fill's game is first freed of what all
    players give alike, so that fills differ by as little as can be when they are fitted together.
    """
    n = drawn.inside.shape[1]
    total = whole - nothing
    alike = drawn.inside.sum(axis=1) / n
    rest = scored - nothing[drawn.fill] - total[drawn.fill] * alike
    found, errors = fit(drawn, rest, 0.0)
    return found + total.mean() / n, errors


def draw(n: int, budget: int, generator: np.random.Generator, *, fills: int = 1) -> Coalitions:
    """Return at most ``budget`` coalitions of ``n`` players, each beside its complement.

    Sizes that the budget takes whole, with every fill, come whole, small and large ones first:
    their weight is the largest (Lundberg & Lee 2017). Of the others pairs are drawn, by weight,
    the fills in turn.
    """
    inside: list[BoolArray] = []
    weight: list[float] = []
    size = 1
    while size <= n // 2 and _taken_whole(n, size, budget - len(inside), fills):
        members = [_members(n, chosen) for chosen in combinations(range(n), size)]
        both = members if 2 * size == n else [*members, *(~one for one in members)]
        inside += [one for one in both for _ in range(fills)]
        weight += [_weight(n, size) / fills] * (len(both) * fills)
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
    fill = np.where(pair < 0, np.arange(len(inside)), pair) % fills
    table = np.array(inside, bool).reshape(len(inside), n)
    return Coalitions(table, np.array(weight, np.float64), fill, pair)


def _taken_whole(n: int, size: int, budget: int, fills: int) -> bool:
    """Tell whether all coalitions of a size fit, and leave enough to draw of the others."""
    left = budget - _with_complements(n, size) * fills
    larger = sum(_with_complements(n, other) for other in range(size + 1, n // 2 + 1)) * fills
    return left >= min(larger, n * (_DRAWN_FIRST if size == 1 else _DRAWN))


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
