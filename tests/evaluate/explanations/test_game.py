"""The inpainting game on the astronaut and itself: what is replaced, what counts, who is right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.evaluate.explanations.cut_faces import CutFaces, Embed
from mien.evaluate.explanations.inpainting import (
    CHARACTERISTICS,
    donated,
    inpainted,
    true_area,
    true_parts,
)
from mien.evaluate.explanations.playing import FALSE_SHARES, Board, judged, laid_out
from mien.evaluate.explanations.shuffled import shuffled_network
from mien.evaluate.explanations.trials import CHANGES, areas, changed, under_random_weights
from mien.evaluate.explanations.triplets import Found, find_triplets
from mien.explain.explainer import Finding
from mien.explain.explaining import find
from mien.explain.spreading import over_regions
from mien.geometry.face_parts import FACE_PARTS, face_parts
from mien.models import get_spec
from tests.evaluate.explanations.conftest import THRESHOLD


@pytest.fixture(scope="module")
def found(faces: CutFaces, embed: Embed) -> Found:
    return find_triplets(faces, embed, threshold=THRESHOLD, wanted=24, seed=0)


@pytest.fixture(scope="module")
def board(faces: CutFaces, found: Found, embed: Embed) -> Board:
    triplet = next(t for t in found.triplets if t.characteristic == "nose")
    return laid_out(faces, triplet, embed, "m@1")


def with_scores(board: Board, scores: np.ndarray) -> Finding:
    return Finding(0.0, over_regions(scores, board.case.labels), scores, 1)


def test_faces_are_cut_once_a_sample(faces: CutFaces) -> None:
    assert len(faces) == 24
    assert len(set(faces.names.tolist())) == 24
    assert faces.person.tolist() == sorted(faces.person.tolist())
    assert np.linalg.norm(faces.vectors, axis=1) == pytest.approx(1)


@pytest.mark.parametrize("characteristic", CHARACTERISTICS)
def test_only_what_is_replaced_changes(faces: CutFaces, characteristic: str) -> None:
    crop, mesh = faces.crops[0], faces.meshes[0]
    area = true_area(face_parts(mesh, crop.shape[1::-1]), characteristic)
    given = donated(crop, mesh, faces.crops[5], faces.meshes[5])
    made = inpainted(crop, given, area)
    assert made is not None
    assert (made[~area] == crop[~area]).all()
    assert (made[area] != crop[area]).any(axis=-1).mean() > 0.3
    assert inpainted(crop, given, np.zeros_like(area)) is None


def test_characteristics_are_parts_of_the_face() -> None:
    for name, parts in CHARACTERISTICS.items():
        assert set(parts) <= set(FACE_PARTS)
        assert true_parts(name).sum() == len(parts)


def test_a_triplet_counts_only_across_the_threshold(
    faces: CutFaces, found: Found, embed: Embed
) -> None:
    assert len(found.triplets) >= 8
    for one in found.triplets:
        assert one.mated >= THRESHOLD > one.non_mated
        assert faces.person[one.probe] == faces.person[one.mate] != faces.person[one.donor]
        assert one.probe != one.mate
        assert float(faces.vectors[one.probe] @ faces.vectors[one.mate]) == pytest.approx(one.mated)
        made = laid_out(faces, one, embed, "m@1")
        assert float(embed(made.mates[1:])[0] @ faces.vectors[one.probe]) == pytest.approx(
            one.non_mated, abs=1e-6
        )


def test_what_was_dropped_adds_up(found: Found) -> None:
    pairs = dict(found.pairs)
    total, used = pairs.pop("mated pairs"), pairs.pop("used")
    assert total == 8 * 3 * 2
    assert used <= total - sum(pairs.values())
    for name, counts in found.tried.items():
        kept = sum(t.characteristic == name for t in found.triplets)
        # Of one pair and characteristic only the first donor counts.
        assert kept <= counts["made"] - counts["still matched"]


def test_a_seed_gives_the_same_triplets_and_they_survive_json(
    faces: CutFaces, found: Found, embed: Embed
) -> None:
    again = find_triplets(faces, embed, threshold=THRESHOLD, wanted=24, seed=0)
    assert again == found
    assert Found.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_nobody_with_two_pictures_gives_no_triplet(faces: CutFaces, embed: Embed) -> None:
    alone = replace(faces, person=np.arange(len(faces)))
    none = find_triplets(alone, embed, threshold=THRESHOLD, wanted=24, seed=0)
    assert none.triplets == ()
    assert none.pairs["mated pairs"] == 0


def test_the_case_shows_the_probe_and_no_other_pixel(faces: CutFaces, board: Board) -> None:
    assert any((board.case.crop == crop).all() for crop in faces.crops)
    assert board.case.partner is None
    assert board.case.embed is None
    first, second = board.case.score(board.mates)
    assert first > 0 > second


def test_the_truth_is_right_and_its_opposite_wrong(board: Board) -> None:
    scores = true_parts(board.characteristic).astype(np.float32)
    right = judged(board, with_scores(board, scores))
    assert (right["region"], right["pointing"], right["top"]) == (1, 1, "nose")
    wrong = judged(board, with_scores(board, -scores))
    assert (wrong["region"], wrong["pointing"]) == (0, pytest.approx(0, abs=0.1))
    if board.twin is not None:
        assert right["flipped"] == [True] * len(FALSE_SHARES)
        assert wrong["flipped"] == [False] * len(FALSE_SHARES)
    nothing = judged(board, with_scores(board, np.zeros_like(scores)))
    assert nothing["region"] == pytest.approx(1 / len(FACE_PARTS))


def test_trials(board: Board, tmp_path: Path) -> None:
    finding = find(board.case, method="occlusion", seed=1)
    assert set(areas(board, finding)) == {"insertion", "deletion"}
    same = changed(board, method="centre", budget=2, seed=1)
    assert set(same) == set(CHANGES)
    blind = shuffled_network(get_spec("resnet29.dlib"), tmp_path, seed=0)
    from mien.evaluate.explanations.cut_faces import unit_embedder

    other = under_random_weights(board, unit_embedder(blind), method="occlusion", budget=32, seed=1)
    assert len(other) == len(FACE_PARTS)
    assert np.abs(np.array(other) - finding.region_scores).max() > 1e-4
