"""What a score follows: a few weighted concepts, or a small tree, judged on other faces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from mien.errors import InputError, MissingExtraError
from mien.explain.concepts.columns import Concepts
from mien.metrics.estimate import Estimate
from mien.types.arrays import Array, FloatArray, checked

#: Concepts that a sparse description may have at most, folds that choose how many.
MOST, FOLDS = 8, 5
#: Levels of a tree: sixteen leaves that can be read.
DEPTH = 4
#: A description is said to explain a score when the lower end of its R² is at least this.
EXPLAINS = 0.5
_RESAMPLES = 1000
#: Too few faces to fit and to judge on.
_FEWEST = 30


@dataclass(frozen=True, slots=True)
class Sparse:
    """A score as a sum of few concepts [P1] [P118].

    ``weights``: by name, the change of the score, in its standard deviations, for one standard
    deviation of the concept, largest first; ``r2``: over faces that nothing was fitted on;
    ``r2_folds``: mean over the folds that chose how many.
    """

    weights: tuple[tuple[str, float], ...]
    r2: Estimate
    r2_folds: float
    n_fit: int

    @property
    def verdict(self) -> str:
        """What the R² allows to say."""
        return verdict(self.r2)


@dataclass(frozen=True, slots=True)
class Tree:
    """A score as a tree of questions about concepts [P115].

    ``rules``: the tree as text; ``fidelity``: R² of its answers against the score itself, on other
    faces; ``importance``: by name, the loss of R² when the concept is dealt out anew among the
    faces, largest first, with its interval over repeats.
    """

    rules: str
    fidelity: Estimate
    importance: tuple[tuple[str, Estimate], ...]
    n_fit: int

    @property
    def verdict(self) -> str:
        """What the fidelity allows to say."""
        return verdict(self.fidelity)


def verdict(r2: Estimate) -> str:
    """Say what an R² and its interval allow: explained, partly explained, or not explained."""
    if math.isnan(r2.low) or r2.low <= 0:
        return "not explained"
    return "explained" if r2.low >= EXPLAINS else "partly explained"


def fit_sparse(
    fit: Concepts, score: FloatArray, other: Concepts, other_score: FloatArray, *, seed: int = 0
) -> Sparse:
    """Describe a score by few concepts: orthogonal matching pursuit, as many as folds justify.

    The number is the smallest whose mean R² over FOLDS folds is within one standard error of the
    best. ``other``, ``other_score``: faces to judge on. Raises InputError for too few faces or
    scores that do not vary, MissingExtraError without scikit-learn.
    """
    score, other_score = _checked(fit, score, other, other_score)
    linear, selection, _ = _sklearn()
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def model(n: int) -> Any:
        pursuit = linear.OrthogonalMatchingPursuit(n_nonzero_coefs=n)
        return make_pipeline(StandardScaler(), pursuit)

    folds = selection.KFold(FOLDS, shuffle=True, random_state=seed)
    sizes = range(1, min(MOST, len(fit.names)) + 1)
    found = [
        selection.cross_val_score(model(n), fit.values, score, cv=folds, scoring="r2")
        for n in sizes
    ]
    means = np.array([one.mean() for one in found])
    best = int(np.argmax(means))
    error = found[best].std(ddof=1) / math.sqrt(FOLDS)
    chosen = int(np.flatnonzero(means >= means[best] - error)[0])
    fitted = model(sizes[chosen]).fit(fit.values, score)
    weights = np.ravel(fitted[-1].coef_) / score.std()
    order = [row for row in np.argsort(-np.abs(weights)) if weights[row] != 0]
    return Sparse(
        tuple((fit.names[row], float(weights[row])) for row in order),
        r2_estimate(fitted.predict(other.values), other_score, seed=seed),
        float(means[chosen]),
        len(fit),
    )


def fit_tree(
    fit: Concepts,
    score: FloatArray,
    other: Concepts,
    other_score: FloatArray,
    *,
    depth: int = DEPTH,
    seed: int = 0,
) -> Tree:
    """Describe a score by a tree of at most ``depth`` questions; see ``fit_sparse``."""
    score, other_score = _checked(fit, score, other, other_score)
    _, _, inspection = _sklearn()
    from sklearn.tree import DecisionTreeRegressor, export_text

    leaf = max(5, len(fit) // 100)
    tree = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=leaf, random_state=seed)
    tree.fit(fit.values, score)
    found = inspection.permutation_importance(
        tree, other.values, other_score, n_repeats=20, random_state=seed, scoring="r2"
    ).importances
    used = [row for row in np.argsort(-found.mean(axis=1)) if tree.feature_importances_[row] > 0]
    importance = tuple((fit.names[row], _over_repeats(found[row])) for row in used)
    rules = export_text(tree, feature_names=list(fit.names), decimals=3)
    fidelity = r2_estimate(tree.predict(other.values), other_score, seed=seed)
    return Tree(rules, fidelity, importance, len(fit))


def r2_estimate(predicted: FloatArray, score: FloatArray, *, seed: int = 0) -> Estimate:
    """Return the share of the score's variance that predictions explain, bootstrap over faces.

    Below 0: worse than the mean. NaN where the score does not vary.
    """
    score, predicted = np.asarray(score, np.float64), np.asarray(predicted, np.float64)
    n = len(score)
    rows = np.random.default_rng(seed).integers(0, max(n, 1), (_RESAMPLES, n))
    values = [_r2(predicted[one], score[one]) for one in rows]
    value = _r2(predicted, score)
    if math.isnan(value):
        return Estimate(value, value, value, n, method="bootstrap")
    low, high = np.nanquantile(values, [0.025, 0.975])
    return Estimate(value, float(low), float(high), n, method="bootstrap")


def _r2(predicted: Array, score: Array) -> float:
    spread = float(((score - score.mean()) ** 2).sum()) if len(score) else 0.0
    return 1 - float(((score - predicted) ** 2).sum()) / spread if spread > 0 else math.nan


def _over_repeats(values: Array) -> Estimate:
    low, high = np.quantile(values, [0.025, 0.975])
    return Estimate(float(values.mean()), float(low), float(high), len(values), method="repeats")


def _checked(
    fit: Concepts, score: FloatArray, other: Concepts, other_score: FloatArray
) -> tuple[Array, Array]:
    score = checked("score", score, (len(fit),), dtype=np.float64)
    other_score = checked("other_score", other_score, (len(other),), dtype=np.float64)
    if min(len(fit), len(other)) < _FEWEST or np.ptp(score) == 0:
        raise InputError(
            f"concepts: got {len(fit)} faces to fit and {len(other)} to judge on, expected "
            f"{_FEWEST} or more of each, with scores that vary"
        )
    if fit.names != other.names or not fit.names:
        raise InputError("concepts: expected the same concepts, one or more, to fit and to judge")
    return score, other_score


def _sklearn() -> tuple[Any, Any, Any]:
    try:
        from sklearn import inspection, linear_model, model_selection
    except ImportError as error:
        raise MissingExtraError("concepts need scikit-learn: pip install 'mien[audit]'") from error
    return linear_model, model_selection, inspection
