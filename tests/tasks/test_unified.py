"""The unified task: columns of its own, points like the mesh's, nobody's column overwritten."""

from __future__ import annotations

import numpy as np
import pytest

from mien.geometry.ibug import MIRRORED_68
from mien.models import has_model, load
from mien.tasks.pipeline import Analyzer
from mien.tasks.unified import MODEL, read
from mien.types import Image

pytestmark = pytest.mark.skipif(not has_model(MODEL), reason=f"{MODEL} is not installed")
COLUMNS = ("apparent_age", "apparent_gender", "apparent_ancestry", "expression", "recognisability")


def test_columns_and_points(portrait: np.ndarray) -> None:
    plain = Analyzer(("landmarks",)).analyze(portrait).found
    found = Analyzer(("unified",)).analyze(portrait).found
    assert set(COLUMNS) <= set(found.attributes)
    assert {found.attributes[name].model_id.split("@")[0] for name in COLUMNS} == {MODEL}
    points, mesh = found.landmarks["ibug68"].xy[0], plain.landmarks["ibug68"].xy[0]
    eyes = np.linalg.norm(mesh[36] - mesh[45])
    assert np.linalg.norm(points - mesh, axis=1).mean() < 0.1 * eyes
    assert 15 < found.attributes["apparent_age"].values[0] < 60


def test_a_task_of_its_own_has_the_last_word(portrait: np.ndarray) -> None:
    found = Analyzer(("age", "unified")).analyze(portrait).found
    assert MODEL not in found.attributes["apparent_age"].model_id
    assert MODEL in found.attributes["apparent_gender"].model_id


def test_a_mirrored_chip_says_the_mirrored_thing() -> None:
    network = load(MODEL)
    chips = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), dtype=np.uint8)
    one = read(network, chips, mirror=True)
    other = read(network, np.ascontiguousarray(chips[:, :, ::-1]), mirror=True)
    points = other["points"][:, list(MIRRORED_68)]
    points[:, :, 0] = 112 - points[:, :, 0]
    for name, value in one.items():
        np.testing.assert_allclose(value, points if name == "points" else other[name], atol=2e-3)


@pytest.mark.parametrize("mirror", [True, False])
def test_no_face_and_one_by_one(mirror: bool) -> None:
    network = load(MODEL)
    chips = np.random.default_rng(1).integers(0, 256, (2, 112, 112, 3), dtype=np.uint8)
    together = read(network, chips, mirror=mirror)
    for name, value in read(network, chips[1:], mirror=mirror).items():
        np.testing.assert_allclose(value[0], together[name][1], atol=1e-3)
    assert all(len(value) == 0 for value in read(network, chips[:0], mirror=mirror).values())
    blank = Analyzer(("unified",), mirror=mirror).analyze(Image(np.zeros((64, 64, 3), np.uint8)))
    assert len(blank.found) == 0
