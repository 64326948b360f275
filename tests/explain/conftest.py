"""A small game: a crop of six regions whose score is known exactly."""

from __future__ import annotations

import numpy as np
import pytest

from mien.explain.case import Case, Partner

#: Regions of the game's crop: four fields, one that is nowhere, and a frame round them.
GAME_REGIONS = ("frame", "a", "b", "c", "d", "nowhere")
SIDE = 48


def game_labels() -> np.ndarray:
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[8:24, 8:24], labels[8:24, 24:40] = 1, 2
    labels[24:40, 8:24], labels[24:40, 24:40] = 3, 4
    return labels


def game_crop() -> np.ndarray:
    """Noise: a blurred crop, or one of a single colour, is far from it everywhere."""
    return np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def seen_share(crops: np.ndarray, crop: np.ndarray, field: np.ndarray) -> np.ndarray:
    """How many pixels (N,) of a field are as in the crop."""
    same = (crops[:, field] == crop[field]).all(axis=-1)
    return same.mean(axis=1)


def make_game(*, uniform: bool = False, one_region: bool = False, threads: int = 1) -> Case:
    """Score: 3 for a, -2 for b, and 4 for c and d together, where they are seen in full."""
    crop = np.full((SIDE, SIDE, 3), 90, np.uint8) if uniform else game_crop()
    labels = game_labels()
    if one_region:
        labels = np.zeros_like(labels)
    # Edges are soft: only the middles of the fields are asked for.
    fields = [np.zeros((SIDE, SIDE), bool) for _ in range(4)]
    for field, (y, x) in zip(fields, ((8, 8), (8, 24), (24, 8), (24, 24)), strict=True):
        field[y + 3 : y + 13, x + 3 : x + 13] = True

    def score(crops: np.ndarray) -> np.ndarray:
        if not len(crops):
            return np.zeros(0, np.float32)
        a, b, c, d = (seen_share(crops, crop, field) for field in fields)
        return (3 * a - 2 * b + 4 * c * d).astype(np.float32)

    def embed(crops: np.ndarray) -> np.ndarray:
        raw = crops.reshape(len(crops), -1)[:, ::97].astype(np.float64) - 100.3
        return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)

    to_image = np.array([[2, 0, 10], [0, 2, 20]], np.float32)
    return Case(
        crop,
        labels,
        GAME_REGIONS,
        to_image,
        (160, 140),
        score,
        "game",
        "game@1",
        threads=threads,
        embed=embed,
        partner=Partner(crop[:, ::-1].copy(), labels, to_image, (160, 140)),
    )


@pytest.fixture
def game() -> Case:
    return make_game()
