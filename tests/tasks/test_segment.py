"""Segment: regions lie where the mesh says, the person mask where the person is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien import Analyzer
from mien.geometry.canonical import canonical_face, mirrored_vertices
from mien.geometry.regions import REGIONS, region_mask
from mien.models import load
from mien.tasks.segment import SegmentTask, letterbox, person_mask
from mien.tasks.task import Options
from mien.types import Analysis, Faces, Failure, Image

#: The canonical face, 200 px between the outer eye corners, in a picture of 400 x 500.
MESH = (canonical_face()[None, :, :3] * 200 + [200, 200, 0]).astype(np.float32)
SIZE_WH = (400, 500)


@pytest.fixture(scope="module")
def regions() -> np.ndarray:
    return region_mask(MESH, SIZE_WH)


def test_vertices_lie_in_their_regions(regions: np.ndarray) -> None:
    middles = {
        **{"left_eye": [386, 374], "right_eye": [159, 145], "nose": [5], "skin": [151]},
        **{"left_brow": [334, 282], "right_brow": [105, 52]},
        **{"upper_lip": [0, 13], "lower_lip": [17, 14], "inner_mouth": [13, 14]},
    }
    for name, vertices in middles.items():
        x, y = MESH[0, vertices, :2].mean(axis=0)
        assert regions[int(y), int(x)] == REGIONS.index(name), name
    assert regions[0, 0] == 0
    # The subject's left is right in the picture.
    columns = {n: np.nonzero(regions == REGIONS.index(n))[1].mean() for n in REGIONS[2:6]}
    assert columns["left_brow"] > 200 > columns["right_brow"]
    assert columns["left_eye"] > 200 > columns["right_eye"]


def test_areas_are_those_of_the_polygons(regions: np.ndarray) -> None:
    # The rim of the right eye by its sixteen lid vertices, area by the shoelace formula.
    rim = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246]
    x, y = MESH[0, rim, :2].T.astype(float)
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    drawn = (regions == REGIONS.index("right_eye")).sum()
    perimeter = np.hypot(np.diff(x, append=x[0]), np.diff(y, append=y[0])).sum()
    # Pixels that the edge cuts belong to the polygon.
    assert area - perimeter / 2 < drawn < area + perimeter


def test_mirroring_the_mesh_mirrors_the_map(regions: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    mesh = MESH + rng.normal(0, 1.5, MESH.shape).astype(np.float32)
    mirrored = (mesh * [-1, 1, 1] + [400, 0, 0])[:, mirrored_vertices()].astype(np.float32)
    swap = np.array([0, 1, 3, 2, 5, 4, 6, 7, 8, 9])
    ours, theirs = region_mask(mesh, SIZE_WH), region_mask(mirrored, SIZE_WH)
    assert (swap[theirs[:, ::-1]] != ours).mean() < 0.01


def test_a_turned_face_keeps_its_outline_and_several_faces_are_drawn(regions: np.ndarray) -> None:
    assert not region_mask(MESH[:0], SIZE_WH).any()
    beside = np.concatenate([MESH, MESH + np.array([400, 0, 0])]).astype(np.float32)
    both = region_mask(beside, (800, 500))
    assert np.array_equal(both[:, :400], both[:, 400:])
    assert np.array_equal(both[:, :400], regions)
    # A mesh of 478 points and one that leaves the picture.
    irises = np.concatenate([MESH, MESH[:, :10]], axis=1)
    assert np.array_equal(region_mask(irises, SIZE_WH), regions)
    assert region_mask(MESH + np.float32(10_000), SIZE_WH).max() == 0


def test_the_person_mask_comes_back_in_place() -> None:
    # What the network would say is painted on the letterboxed square itself.
    for size_wh in ((512, 512), (300, 120), (97, 401), (1, 1)):
        pixels = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
        pixels[: size_wh[1] // 2, : size_wh[0] // 2] = 255
        mask = person_mask(letterbox(pixels)[0, :, :, 0] / 255, size_wh)
        assert mask.shape == size_wh[::-1]
        assert mask.dtype == np.uint8
        assert np.abs(mask.astype(int) - pixels[:, :, 0]).mean() < 6


def test_the_person_mask_agrees_with_a_plain_resize(portrait: np.ndarray) -> None:
    # A square picture needs no letterbox: resize by area, run, resize back.
    small = cv2.resize(portrait, (256, 256), interpolation=cv2.INTER_AREA)
    mask = load("selfie.mediapipe")(small[None])["mask"][0]
    expected = cv2.resize(mask, (512, 512), interpolation=cv2.INTER_LINEAR) * 255
    got = Analyzer(["segment"]).analyze(portrait).image_attributes["person_mask"].values[0]
    assert np.abs(got - expected).mean() < 2


def test_the_portrait(portrait: np.ndarray) -> None:
    analysis = Analyzer(["segment"]).analyze(portrait)
    person = analysis.image_attributes["person_mask"]
    regions = analysis.image_attributes["face_regions"]
    assert person.values.shape == regions.values.shape == (1, 512, 512)
    assert regions.labels == REGIONS
    assert person.values[0, 130, 225] > 250
    assert person.values[0, 20, 20] < 5
    # A smile shows teeth, and the face is all person.
    shares = np.bincount(regions.values.ravel(), minlength=len(REGIONS))
    assert (shares[1:] > 50).all()
    assert person.values[regions.values > 0].mean() > 245


def test_batches_no_face_and_failures(portrait: np.ndarray) -> None:
    images = [Image(portrait), Image(portrait[:200, :300].copy()), Image(portrait)]
    failed = Analysis("failed", error=Failure("ImageReadError", "is no picture"))
    empties = [Analysis(None, faces=Faces.empty(image.size_wh)) for image in images[:2]]
    task = SegmentTask(Options())
    got = task(images, [*empties, failed])
    assert got[2] is failed
    for image, together in zip(images[:2], got[:2], strict=True):
        (alone,) = task([image], [Analysis(None, faces=Faces.empty(image.size_wh))])
        for name, column in alone.image_attributes.items():
            difference = column.values.astype(int) - together.image_attributes[name].values
            assert np.abs(difference).max() <= 1
        assert not alone.image_attributes["face_regions"].values.any()
    assert task([], []) == []
