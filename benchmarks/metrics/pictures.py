"""Pictures, maps and features beside scikit-image, scipy and scikit-learn."""

from __future__ import annotations

import numpy as np
import sklearn.metrics as sk
from scipy.linalg import sqrtm
from scipy.ndimage import distance_transform_edt
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.segmentation import find_boundaries
from sklearn.metrics.pairwise import paired_cosine_distances, polynomial_kernel

from benchmarks.metrics.oracle import Oracle
from mien.metrics.generated import (
    frechet_distance,
    identity_similarity,
    kernel_distance,
    kernel_distance_of_subsets,
)
from mien.metrics.image_similarity import psnr, ssim
from mien.metrics.saliency import flagged, top_share
from mien.metrics.segmentation import boundary_f, segmentation

_rng = np.random.default_rng(10)
_PATTERN = 127 + 100 * np.sin(np.add.outer(np.arange(90) / 7, np.arange(70) / 5))
PICTURE = np.clip(_PATTERN[..., None] + _rng.normal(0, 15, (90, 70, 3)), 0, 255).astype(np.uint8)
NOISY = np.clip(PICTURE + _rng.normal(0, 20, PICTURE.shape), 0, 255).astype(np.uint8)
MAP = np.kron(_rng.integers(0, 5, (12, 10)), np.ones((8, 8), int))
FOUND = np.roll(MAP, (2, 1), (0, 1))
REAL = _rng.normal(0, 1, (300, 12)) @ _rng.normal(0, 1, (12, 12))
MARKS = np.round(_rng.normal(0, 1, 400) + (MAP.ravel()[:400] == 1), 1)
WHERE = MAP.ravel()[:400] == 1
MADE = _rng.normal(0.2, 1.1, (250, 12)) @ _rng.normal(0, 1, (12, 12))


def _ssim(first: np.ndarray, second: np.ndarray) -> float:
    return structural_similarity(
        first,
        second,
        data_range=255,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        channel_axis=2 if first.ndim == 3 else None,
    )


def _boundary_f(within: float) -> float:
    """Boundaries by scikit-image, distances by scipy."""
    found, known = (find_boundaries(m == 1, mode="inner") for m in (FOUND, MAP))
    precision = (distance_transform_edt(~known)[found] <= within).mean()
    recall = (distance_transform_edt(~found)[known] <= within).mean()
    return 2 * precision * recall / (precision + recall)


def _hits_at(fpr: float) -> float:
    false, hits, _ = sk.roc_curve(WHERE, MARKS, drop_intermediate=False)
    return float(hits[false <= fpr].max())


def _frechet() -> float:
    one, other = np.cov(REAL.T), np.cov(MADE.T)
    gap = ((REAL.mean(axis=0) - MADE.mean(axis=0)) ** 2).sum()
    return float(gap + np.trace(one + other - 2 * np.real(sqrtm(one @ other))))


def _kernel(real: np.ndarray, made: np.ndarray) -> float:
    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return polynomial_kernel(a, b, degree=3, gamma=1 / 12, coef0=1)

    inside = [kernel(x, x)[~np.eye(len(x), dtype=bool)].mean() for x in (real, made)]
    return sum(inside) - 2 * kernel(real, made).mean()


ORACLES = [
    Oracle(
        psnr,
        "dB, 8-bit colour",
        lambda: psnr(PICTURE, NOISY),
        lambda: peak_signal_noise_ratio(PICTURE, NOISY, data_range=255),
        "scikit-image",
    ),
    *(
        Oracle(
            ssim,
            f"{name}, Gaussian window",
            lambda a=a, b=b: ssim(a, b),
            lambda a=a, b=b: _ssim(a, b),
            "scikit-image",
        )
        for name, a, b in (
            ("grey", PICTURE[..., 0], NOISY[..., 0]),
            ("colour", PICTURE, NOISY),
        )
    ),
    Oracle(
        segmentation,
        "IoU of five classes",
        lambda: segmentation([(FOUND, MAP)], n_classes=5).iou,
        lambda: sk.jaccard_score(MAP.ravel(), FOUND.ravel(), average=None),
        "scikit-learn",
    ),
    Oracle(
        segmentation,
        "F1 of five classes",
        lambda: segmentation([(FOUND, MAP)], n_classes=5).f1,
        lambda: sk.f1_score(MAP.ravel(), FOUND.ravel(), average=None),
        "scikit-learn",
    ),
    *(
        Oracle(
            boundary_f,
            f"within {within:g} px",
            lambda within=within: boundary_f(FOUND == 1, MAP == 1, within_px=within),
            lambda within=within: _boundary_f(within),
            "scikit-image",
        )
        for within in (0, 1, 1.5, 3)
    ),
    Oracle(
        top_share,
        "400 pixels; precision at the highest threshold",
        lambda: top_share(MARKS, WHERE),
        lambda: sk.precision_recall_curve(WHERE, MARKS)[0][-2],
        "scikit-learn",
    ),
    Oracle(
        flagged,
        "400 pixels; true ones marked at 20 % false",
        lambda: flagged(MARKS, WHERE, fpr=0.2)[WHERE].mean(),
        lambda: _hits_at(0.2),
        "scikit-learn",
    ),
    Oracle(
        identity_similarity,
        "250 pairs of templates",
        lambda: identity_similarity(REAL[:250], MADE),
        lambda: 1 - paired_cosine_distances(REAL[:250], MADE),
        "scikit-learn",
    ),
    Oracle(
        frechet_distance,
        "FID, 12 features",
        lambda: frechet_distance(REAL, MADE),
        _frechet,
        "scipy",
    ),
    Oracle(
        kernel_distance,
        "KID, 12 features",
        lambda: kernel_distance(REAL, MADE),
        lambda: _kernel(REAL, MADE),
        "scikit-learn",
    ),
    Oracle(
        kernel_distance_of_subsets,
        "one subset of everything",
        lambda: kernel_distance_of_subsets(REAL[:250], MADE, size=250, subsets=1)[0],
        lambda: _kernel(REAL[:250], MADE),
        "scikit-learn",
    ),
]
