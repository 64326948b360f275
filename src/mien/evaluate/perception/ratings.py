"""What people say of pictures or pairs of them: do they agree, and does a model agree with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mien.data.rows import Row, read_table
from mien.errors import DatasetError, InputError
from mien.metrics.agreement import pearson
from mien.metrics.clustered import clustered_draws, percentile_intervals
from mien.metrics.estimate import Estimate
from mien.metrics.krippendorff import Level, krippendorff_alpha
from mien.types.arrays import Array, FloatArray, checked


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """``values (N,K)`` of N ``items`` by K ``raters``, NaN where not rated.

    An item is a picture, or two that were rated together, named ``first|second``.
    """

    items: tuple[str, ...]
    raters: tuple[str, ...]
    values: FloatArray

    @property
    def means(self) -> Array:
        """The mean rating (N,) of each item."""
        means: Array = np.nanmean(self.values, axis=1)
        return means


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far people agree (Krippendorff's alpha), and a model with them; intervals over items.

    ``with_model``: correlation of its scores with the items' mean ratings; ``ceiling``: that of a
    rater with the mean of the others, on average: what one more person would reach.
    """

    among_people: Estimate
    with_model: Estimate | None
    ceiling: float
    n_items: int
    n_raters: int


def pair_item(first: str, second: str) -> str:
    """Return the name of two pictures that were rated together, in either order."""
    return "|".join(sorted((first, second)))


def read_ratings(path: Path) -> Ratings:
    """Read a CSV with the columns item (or first and second), rater, rating.

    Raises DatasetError with file and line for a rating that is no number or is given twice.
    """
    rows = list(read_table(path, columns=("rater", "rating")))
    if not rows:
        raise DatasetError(f"{path}: holds no rating")
    if "item" not in rows[0].columns and not {"first", "second"} <= set(rows[0].columns):
        raise DatasetError(f"{path}:1: no column item, nor first and second")
    given: dict[tuple[str, str], float] = {}
    for row in rows:
        key = _item(row), row["rater"]
        if not all(key):
            raise row.error("the item or the rater is empty")
        if key in given:
            raise row.error(f"{key[1]} rated {key[0]} already")
        given[key] = row.number("rating")
    items = sorted({item for item, _ in given})
    raters = sorted({rater for _, rater in given})
    values = np.full((len(items), len(raters)), np.nan)
    places = {name: n for n, name in enumerate(items)}, {name: n for n, name in enumerate(raters)}
    for (item, rater), value in given.items():
        values[places[0][item], places[1][rater]] = value
    return Ratings(tuple(items), tuple(raters), values)


def _item(row: Row) -> str:
    if "item" in row.columns:
        return row["item"]
    if not row["first"] or not row["second"]:
        return ""
    return pair_item(row["first"], row["second"])


def agreement(
    ratings: Ratings,
    model: FloatArray | None = None,
    *,
    level: Level = "interval",
    resamples: int = 1000,
    seed: int = 0,
) -> Agreement:
    """Return how far people agree, and a model's scores (N,) of the items with them.

    The correlation with the model is that of ranks (Spearman). Items without a score (NaN) are
    left out of it. Raises InputError for fewer than three items.
    """
    n = len(ratings.items)
    if n < 3:
        raise InputError(f"ratings: got {n} items, expected three at least")
    item = np.arange(n)
    draws = clustered_draws(
        lambda times: np.array([krippendorff_alpha(ratings.values, level=level, weights=times)]),
        *(item, item),
        n_subjects=n,
        resamples=resamples,
        seed=seed,
    )
    ((low, high),) = percentile_intervals(draws)
    alpha = krippendorff_alpha(ratings.values, level=level)
    people = Estimate(alpha, float(low), float(high), n, 0.95, "items")
    with_model = None if model is None else _with_model(ratings, model, resamples, seed)
    return Agreement(people, with_model, _ceiling(ratings), n, len(ratings.raters))


def ranks(values: FloatArray) -> Array:
    """Return ranks (N,) from 0, the mean rank for ties."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean: Array = (last - counts + last - 1) / 2
    return mean[place]


def _with_model(ratings: Ratings, model: FloatArray, resamples: int, seed: int) -> Estimate:
    scores = checked("model", model, (len(ratings.items),), dtype=np.float64, finite=False)
    known = ~np.isnan(scores)
    scores, people = scores[known], ratings.means[known]
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        rows = rng.integers(0, len(scores), len(scores)) if len(scores) else np.zeros(0, int)
        drawn.append([pearson(ranks(scores[rows]), ranks(people[rows]))])
    ((low, high),) = percentile_intervals(np.array(drawn))
    value = pearson(ranks(scores), ranks(people))
    return Estimate(value, float(low), float(high), len(scores), 0.95, "items")


def _ceiling(ratings: Ratings) -> float:
    """Return the mean rank correlation of each rater with the mean of the others."""
    found = []
    for rater in range(len(ratings.raters)):
        own, others = ratings.values[:, rater], np.delete(ratings.values, rater, axis=1)
        both = ~np.isnan(own) & (~np.isnan(others)).any(axis=1)
        if both.sum() >= 3:
            rest = np.nanmean(others[both], axis=1)
            found.append(pearson(ranks(own[both]), ranks(rest)))
    known = [value for value in found if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
