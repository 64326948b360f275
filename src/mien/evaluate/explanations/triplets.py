"""Triplets of the inpainting game: a probe, its mate, and the mate with one thing replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mien.evaluate.explanations.cut_faces import CutFaces, Embed
from mien.evaluate.explanations.inpainting import (
    CHARACTERISTICS,
    donated,
    inpainted,
    true_area,
)
from mien.evaluate.readings import Progress, quiet
from mien.geometry.face_parts import face_parts
from mien.types.arrays import Array, ByteArray

#: Faces turned further hide half of what is replaced; donors are turned as far as the mate.
MOST_YAW_DEG, MOST_YAW_GAP_DEG = 25.0, 8.0
#: Mated scores further above the threshold hardly ever fall below it by one characteristic.
MOST_MARGIN = 0.02
#: Nobody's pairs shall be all there is; donors that are tried for each characteristic.
PAIRS_A_PERSON, DONORS = 12, 2
#: Pairs whose inpainted mates are embedded together.
_BLOCK = 8


@dataclass(frozen=True, slots=True)
class Triplet:
    """Rows of CutFaces; ``donor``: whose ``characteristic`` replaced the mate's.

    ``mated``, ``non_mated``: comparison scores of the probe with the mate and the inpainted one.
    """

    probe: int
    mate: int
    donor: int
    characteristic: str
    mated: float
    non_mated: float


@dataclass(frozen=True, slots=True)
class Found:
    """Triplets, and how many were not: ``pairs`` by reason, ``tried`` by characteristic.

    ``tried``: characteristic to the number of inpainted mates made, of those that still matched,
    and of those that could not be made.
    """

    triplets: tuple[Triplet, ...]
    pairs: dict[str, int]
    tried: dict[str, dict[str, int]]

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Found:
        """Return what ``to_dict`` gave."""
        return cls(
            tuple(Triplet(**t) for t in record["triplets"]), record["pairs"], record["tried"]
        )


def find_triplets(
    faces: CutFaces,
    embed: Embed,
    *,
    threshold: float,
    wanted: int,
    seed: int,
    progress: Progress = quiet,
) -> Found:
    """Return about ``wanted`` triplets with mated score >= threshold > inpainted mate's score.

    Pairs are taken in random order, one a person in turn. Each gives at most one triplet a
    characteristic, the first of DONORS that does; a characteristic takes no more once it has its
    share of ``wanted`` and a quarter as much again, so that what recognisers look at most does not
    make up the game.
    """
    rng = np.random.default_rng(seed)
    pairs, scores, counted = _near_pairs(faces, threshold, rng)
    most = -(-5 * wanted // (4 * len(CHARACTERISTICS)))
    found: dict[str, list[Triplet]] = {name: [] for name in CHARACTERISTICS}
    tried = {name: {"made": 0, "still matched": 0, "not made": 0} for name in CHARACTERISTICS}
    for start in range(0, len(pairs), _BLOCK):
        open_ = [name for name, kept in found.items() if len(kept) < most]
        if not open_ or sum(map(len, found.values())) >= wanted:
            break
        tasks = [
            one
            for (probe, mate), mated in zip(
                pairs[start : start + _BLOCK], scores[start : start + _BLOCK], strict=True
            )
            for one in _candidates(faces, int(probe), int(mate), float(mated), open_, tried, rng)
        ]
        if tasks:
            vectors = embed(np.stack([pixels for _, pixels in tasks]))
            _keep([t for t, _ in tasks], vectors, faces, threshold, found, tried)
        progress(min(wanted, sum(map(len, found.values()))), wanted)
        counted["used"] += len(pairs[start : start + _BLOCK])
    triplets = tuple(t for kept in found.values() for t in kept)
    return Found(triplets, counted, tried)


def _near_pairs(
    faces: CutFaces, threshold: float, rng: np.random.Generator
) -> tuple[Array, Array, dict[str, int]]:
    """Return ordered pairs (P,2) a little above the threshold, people in turn, their scores."""
    first, second = np.nonzero(
        (faces.person[:, None] == faces.person) & ~np.eye(len(faces), dtype=bool)
    )
    scores = np.einsum("nd,nd->n", faces.vectors[first], faces.vectors[second])
    frontal = np.abs(faces.yaw_deg) <= MOST_YAW_DEG
    reasons = {
        "score below the threshold": scores < threshold,
        f"score more than {MOST_MARGIN} above it": scores >= threshold + MOST_MARGIN,
        f"turned by more than {MOST_YAW_DEG:.0f} degrees": ~(frontal[first] & frontal[second]),
    }
    counted, left = {"mated pairs": len(first)}, np.ones(len(first), bool)
    for reason, hit in reasons.items():
        counted[reason] = int((left & hit).sum())
        left &= ~hit
    order = rng.permutation(np.flatnonzero(left))
    turn = _turns(faces.person[first[order]])
    counted[f"beyond {PAIRS_A_PERSON} of one person"] = int((turn >= PAIRS_A_PERSON).sum())
    counted["used"] = 0
    rows = order[np.argsort(turn, kind="stable")][: int((turn < PAIRS_A_PERSON).sum())]
    return np.stack([first[rows], second[rows]], axis=1), scores[rows], counted


def _turns(person: Array) -> Array:
    """Return how often each person (P,) came before: everybody's first pair comes first."""
    order = np.argsort(person, kind="stable")
    _, start, counts = np.unique(person[order], return_index=True, return_counts=True)
    turn = np.empty(len(person), np.int64)
    turn[order] = np.arange(len(person)) - np.repeat(start, counts)
    return turn


def _candidates(
    faces: CutFaces,
    probe: int,
    mate: int,
    mated: float,
    names: list[str],
    tried: dict[str, dict[str, int]],
    rng: np.random.Generator,
) -> Iterator[tuple[Triplet, ByteArray]]:
    """Yield triplets that may count, each with the pixels of its inpainted mate."""
    crop, mesh = faces.crops[mate], faces.meshes[mate]
    labels = face_parts(mesh, (crop.shape[1], crop.shape[0]))
    near = np.abs(faces.yaw_deg - faces.yaw_deg[mate]) <= MOST_YAW_GAP_DEG
    donors = rng.permutation(np.flatnonzero(near & (faces.person != faces.person[mate])))
    for donor in donors[:DONORS].tolist():
        given = donated(crop, mesh, faces.crops[donor], faces.meshes[donor])
        for name in names:
            pixels = inpainted(crop, given, true_area(labels, name))
            if pixels is None:
                tried[name]["not made"] += 1
                continue
            tried[name]["made"] += 1
            yield Triplet(probe, mate, donor, name, mated, 0.0), pixels


def _keep(
    candidates: list[Triplet],
    vectors: Array,
    faces: CutFaces,
    threshold: float,
    found: dict[str, list[Triplet]],
    tried: dict[str, dict[str, int]],
) -> None:
    taken = set()
    for one, vector in zip(candidates, vectors, strict=True):
        score = float(faces.vectors[one.probe] @ vector)
        tried[one.characteristic]["still matched"] += score >= threshold
        key = (one.probe, one.mate, one.characteristic)
        if score < threshold and key not in taken:
            taken.add(key)
            found[one.characteristic].append(
                Triplet(one.probe, one.mate, one.donor, one.characteristic, one.mated, score)
            )
