"""Landmarks, angles, ages and their like beside scipy, scikit-learn and worked values."""

from __future__ import annotations

import numpy as np
import sklearn.metrics as sk
from scipy import integrate, stats
from scipy.interpolate import interp1d
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation
from sklearn.metrics.pairwise import paired_cosine_distances

from benchmarks.metrics.oracle import Oracle
from mien.metrics.apparent_age import epsilon_error
from mien.metrics.discard import discard_area, error_versus_discard
from mien.metrics.gaze import gaze_errors, mean_gaze_error
from mien.metrics.landmarks import (
    OUTER_CORNERS,
    PUPILS,
    box_distance,
    error_curve_area,
    eye_distance,
    failure_rate,
    nme,
    normalised_errors,
)
from mien.metrics.pose import angular_errors, mean_angular_error, rotation_distance
from mien.metrics.regression import cumulative_score, mean_absolute_error

_rng = np.random.default_rng(6)
POINTS = _rng.uniform(0, 200, (50, 68, 2))
GUESSED = POINTS + _rng.normal(0, 4, POINTS.shape)
EYES_PX = eye_distance(POINTS, left=OUTER_CORNERS["ibug68"][0], right=OUTER_CORNERS["ibug68"][1])
PUPILS_PX = eye_distance(POINTS, left=PUPILS["ibug68"][0], right=PUPILS["ibug68"][1])
BOXES = np.concatenate([POINTS.min(axis=1), POINTS.max(axis=1)], axis=1)
ERRORS = stats.lognorm.rvs(0.6, scale=0.05, size=400, random_state=2)
ANGLES = _rng.uniform(-720, 720, (200, 3))
TURNED = ANGLES + _rng.normal(0, 40, ANGLES.shape)
ONE, TWO = (Rotation.random(200, rng=np.random.default_rng(seed)) for seed in (1, 2))
GAZE, SEEN = _rng.normal(size=(200, 3)), _rng.normal(size=(200, 3))
AGE = _rng.uniform(1, 90, 300)
GUESS = np.round(AGE + _rng.normal(0, 6, 300))
VOTED = _rng.uniform(1, 6, 300)
SCORE = _rng.random(500)
QUALITY = _rng.permutation(500) + SCORE * 300


def _nme(distance: np.ndarray) -> float:
    """Point by point, by scipy's distance."""
    each = [np.diag(cdist(a, b)).mean() for a, b in zip(GUESSED, POINTS, strict=True)]
    return float(np.mean(np.array(each) / distance))


def _eyes() -> np.ndarray:
    return np.array([cdist(p[45:46], p[36:37])[0, 0] for p in POINTS])


def _pupils() -> np.ndarray:
    middles = [(p[42:48].mean(axis=0), p[36:42].mean(axis=0)) for p in POINTS]
    return np.array([cdist(a[None], b[None])[0, 0] for a, b in middles])


def _ced_area() -> float:
    """The empirical distribution of scipy, integrated step by step."""
    steps = np.concatenate([[0], np.sort(ERRORS[ERRORS < 0.1]), [0.1]])
    heights = stats.ecdf(ERRORS).cdf.evaluate(steps[:-1])
    return float((heights * np.diff(steps)).sum() / 0.1)


def _turns() -> np.ndarray:
    """The angle between unit circle points, by the arc of their complex quotient."""
    return np.abs(np.angle(np.exp(1j * np.deg2rad(TURNED - ANGLES)), deg=True))


def _epsilon() -> float:
    normal = [
        1 - stats.norm.pdf(g, a, v) / stats.norm.pdf(a, a, v)
        for g, a, v in zip(GUESS, AGE, VOTED, strict=True)
    ]
    return float(np.mean(normal))


def _discarded() -> list[float]:
    """FNMR of the comparisons that remain, sorted by quality, by scikit-learn's recall."""
    kept = [np.argsort(QUALITY)[round(500 * share) :] for share in (0, 0.1, 0.25)]
    return [1 - sk.recall_score(np.ones(len(k)), SCORE[k] >= 0.3) for k in kept]


def _discard_area() -> float:
    """Errors that remain after each comparison, straight lines between, integrated by scipy."""
    wrong = (SCORE < 0.3)[np.argsort(QUALITY)]
    remaining = wrong.sum() - np.concatenate([[0], np.cumsum(wrong)])
    shares = np.linspace(0, 0.3, 301)
    rate = interp1d(np.arange(501) / 500, remaining)(shares) / (500 * (1 - shares))
    return float(integrate.trapezoid(rate, shares) / 0.3)


ORACLES = [
    *(
        Oracle(
            nme,
            f"68 points, {name}",
            lambda px=px: nme(GUESSED, POINTS, distance=px),
            lambda truth=truth: _nme(truth()),
            "scipy",
        )
        for name, px, truth in (
            ("inter-ocular", EYES_PX, _eyes),
            ("inter-pupil", PUPILS_PX, _pupils),
            (
                "box",
                box_distance(BOXES),
                lambda: stats.gmean(BOXES[:, 2:] - BOXES[:, :2], axis=1),
            ),
        )
    ),
    Oracle(
        normalised_errors,
        "one face, 3-4-5 triangles: 5 px over 10 px",
        lambda: normalised_errors(np.zeros((1, 2, 2)), np.array([[[3, 4], [4, 3]]]), distance=[10]),
        lambda: [0.5],
        "worked by hand",
    ),
    Oracle(
        failure_rate,
        "above 0.1",
        lambda: failure_rate(ERRORS),
        lambda: stats.ecdf(ERRORS).sf.evaluate(0.1),
        "scipy",
    ),
    Oracle(error_curve_area, "up to 0.1", lambda: error_curve_area(ERRORS), _ced_area, "scipy"),
    Oracle(angular_errors, "any angles", lambda: angular_errors(TURNED, ANGLES), _turns, "numpy"),
    Oracle(
        mean_angular_error,
        "yaw, pitch, roll",
        lambda: mean_angular_error(TURNED, ANGLES),
        lambda: [sk.mean_absolute_error(np.zeros(200), turn) for turn in _turns().T],
        "scikit-learn",
    ),
    Oracle(
        rotation_distance,
        "200 turns",
        lambda: rotation_distance(ONE.as_matrix(), TWO.as_matrix()),
        lambda: np.rad2deg((ONE.inv() * TWO).magnitude()),
        "scipy",
    ),
    Oracle(
        gaze_errors,
        "200 directions",
        lambda: gaze_errors(GAZE, SEEN),
        lambda: np.rad2deg(np.arccos(1 - paired_cosine_distances(GAZE, SEEN))),
        "scikit-learn",
    ),
    Oracle(
        mean_gaze_error,
        "1 degree about an axis",
        lambda: mean_gaze_error(
            np.array([[0, 0, -2.0]]),
            Rotation.from_rotvec([0, 1, 0], degrees=True).apply([[0, 0, -1]]),
        ),
        lambda: 1,
        "scipy",
    ),
    Oracle(
        mean_absolute_error,
        "300 ages",
        lambda: mean_absolute_error(GUESS, AGE),
        lambda: sk.mean_absolute_error(AGE, GUESS),
        "scikit-learn",
    ),
    Oracle(
        cumulative_score,
        "within 5 years",
        lambda: cumulative_score(GUESS, AGE, within=5),
        lambda: stats.ecdf(np.abs(GUESS - AGE)).cdf.evaluate(5),
        "scipy",
    ),
    Oracle(epsilon_error, "300 ages", lambda: epsilon_error(GUESS, AGE, VOTED), _epsilon, "scipy"),
    Oracle(
        error_versus_discard,
        "0, 10 and 25 % discarded",
        lambda: error_versus_discard(SCORE, QUALITY, threshold=0.3, discard=[0, 0.1, 0.25]),
        _discarded,
        "scikit-learn",
    ),
    Oracle(
        discard_area,
        "up to 30 %",
        lambda: discard_area(SCORE, QUALITY, threshold=0.3),
        _discard_area,
        "scipy",
    ),
]
