"""What was judged, as figures: how right each method is, how sure that is, and what it lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mien.evaluate.averages import mean_figure
from mien.evaluate.explanations.inpainting import CHARACTERISTICS
from mien.evaluate.explanations.playing import FALSE_SHARES, TOLERANCE
from mien.evaluate.explanations.triplets import Triplet
from mien.evaluate.result import Curve, Figure, Findings, Mistake, Outcomes
from mien.evaluate.store import sha256_of
from mien.metrics.agreement import rank_correlation
from mien.metrics.paired import paired_difference
from mien.types.arrays import Array

Rows = Sequence[Mapping[str, Any]]
#: What every method is put beside, where it was judged, too.
BESIDE = ("random", "centre", "occlusion", "rise")
_REGION = "the highest region score is of a region that was replaced; k equal ones count 1/k each"
_POINT = (
    f"the map's highest pixel lies within {TOLERANCE:.1%} of the crop's side of what was replaced"
)
_GAME = (
    "with its marked pixels replaced by its twin's, the probe is nearer to the inpainted mate; "
    "marked are the highest pixels until so many of those elsewhere would be"
)


def findings_of(
    method: str,
    rows: Mapping[str, Rows],
    triplets: Sequence[Triplet],
    names: Sequence[tuple[str, str, str]],
    person: Array,
    *,
    seed: int,
) -> Findings:
    """Return the findings on one method: ``rows`` of every method, a row a triplet."""
    own = rows[method]
    game = _game(own, person, seed)
    others = {name: rows[name] for name in rows if name != method}
    figures = [
        *_shares("region accuracy", "region", _REGION, own, triplets, person, seed),
        *_beside(own, others, person, seed),
        *_shares("pointing accuracy", "pointing", _POINT, own, triplets, person, seed),
        *game,
        *_trials(own, others, person, seed),
        *_agreement(own, others, person, seed),
        *_costs(own, person, seed),
    ]
    error = tuple(1 - float(row["region"]) for row in own)
    items = sha256_of(
        " ".join((*name, t.characteristic)) for name, t in zip(names, triplets, strict=True)
    )
    people = tuple(person.tolist())
    curve = Curve(
        "game",
        "game",
        FALSE_SHARES,
        tuple(float(figure.value or 0) for figure in game),
        "share of pixels elsewhere that are marked",
        "nearer to the inpainted mate",
    )
    return Findings(
        tuple(figures),
        (curve,),
        tuple(_lost(own, triplets, names)),
        Outcomes("region accuracy", items, error, people, people),
    )


def _shares(
    name: str,
    key: str,
    rule: str,
    rows: Rows,
    triplets: Sequence[Triplet],
    person: Array,
    seed: int,
) -> Iterator[Figure]:
    values = np.array([row[key] for row in rows], np.float64)
    yield mean_figure(name, values, person, rule=rule, seed=seed)
    kinds = np.array([triplet.characteristic for triplet in triplets])
    for kind in CHARACTERISTICS:
        own = kinds == kind
        yield mean_figure(f"{name}, {kind}", values[own], person[own], seed=seed)


def _beside(own: Rows, others: Mapping[str, Rows], person: Array, seed: int) -> Iterator[Figure]:
    values = np.array([row["region"] for row in own], np.float64)
    for name in BESIDE:
        if name not in others:
            continue
        theirs = np.array([row["region"] for row in others[name]], np.float64)
        found = paired_difference(values, theirs, left=person, seed=seed)
        rule = f"paired, over people; p = {found.p:.3g}"
        yield Figure.of(f"region accuracy less that of {name}", found.difference, rule=rule)


def _game(rows: Rows, person: Array, seed: int) -> list[Figure]:
    there = np.array([row["flipped"] is not None for row in rows], bool)
    flips = np.array([row["flipped"] for row in rows if row["flipped"] is not None], np.float64)
    flips = flips.reshape(-1, len(FALSE_SHARES))
    return [
        mean_figure(
            f"game at {share:.0%} false pixels",
            flips[:, column],
            person[there],
            rule=_GAME,
            seed=seed,
        )
        for column, share in enumerate(FALSE_SHARES)
    ]


def _trials(own: Rows, others: Mapping[str, Rows], person: Array, seed: int) -> Iterator[Figure]:
    chosen = np.array(["trials" in row for row in own], bool)
    if not chosen.any():
        return
    who = person[chosen]
    tried = [row["trials"] for row in own if "trials" in row]
    rules = {"insertion": "higher is better", "deletion": "lower is better"}
    for name, rule in rules.items():
        values = np.array([trial[name] for trial in tried])
        yield mean_figure(f"{name} area", values, who, rule=rule, seed=seed)
        for other in BESIDE:
            if other in others:
                theirs = np.array([row["trials"][name] for row in others[other] if "trials" in row])
                found = paired_difference(values, theirs, left=who, seed=seed)
                title = f"{name} area less that of {other}"
                yield Figure.of(
                    title, found.difference, rule=f"paired, over people; p = {found.p:.3g}"
                )
    plain = [row["scores"] for row in own if "trials" in row]
    for change in tried[0]["changed"]:
        pairs = [(a, trial["changed"][change]) for a, trial in zip(plain, tried, strict=True)]
        rule = "rank correlation of region scores with those of the probe as it is"
        yield _correlation(f"stability, {change}", pairs, who, rule, seed)
    pairs = [(a, t["shuffled"]) for a, t in zip(plain, tried, strict=True) if t["shuffled"]]
    rule = "rank correlation of region scores with those under shuffled weights; near 0 is right"
    yield _correlation("sanity, weights shuffled", pairs, who[: len(pairs)], rule, seed)


def _agreement(own: Rows, others: Mapping[str, Rows], person: Array, seed: int) -> Iterator[Figure]:
    for name, theirs in others.items():
        pairs = [(a["scores"], b["scores"]) for a, b in zip(own, theirs, strict=True)]
        yield _correlation(
            f"agreement with {name}", pairs, person, "rank correlation of region scores", seed
        )


def _correlation(
    name: str, pairs: Sequence[tuple[Any, Any]], person: Array, rule: str, seed: int
) -> Figure:
    values = np.array([rank_correlation(np.array(a), np.array(b)) for a, b in pairs], np.float64)
    known = ~np.isnan(values)
    return mean_figure(name, values[known], person[known], rule=rule, seed=seed)


def _costs(rows: Rows, person: Array, seed: int) -> Iterator[Figure]:
    for key, name, unit in (("calls", "model calls", "crops"), ("seconds", "time", "s")):
        values = np.array([row[key] for row in rows], np.float64)
        yield mean_figure(name, values, person, unit=unit, seed=seed)


def _lost(
    rows: Rows, triplets: Sequence[Triplet], names: Sequence[tuple[str, str, str]]
) -> Iterator[Mistake]:
    for row, triplet, name in zip(rows, triplets, names, strict=True):
        if row["region"] < 1:
            said = f"{triplet.characteristic} replaced, {row['top']} named"
            yield Mistake("lost", said, triplet.mated - triplet.non_mated, name)
