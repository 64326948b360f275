"""Quality of the portrait: what happens to it when the picture is made worse."""

import cv2
import numpy as np
import pytest

from mien.tasks.pipeline import Analyzer
from mien.tasks.quality_scores import LABELS
from mien.types import Image


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(("quality",), threads=1)


def quality(analyzer: Analyzer, pixels: np.ndarray) -> dict[str, float]:
    """The quality of the largest face."""
    (analysis,) = analyzer.run([Image(np.ascontiguousarray(pixels))])
    faces = analysis.found
    row = int(faces.boxes.wh.prod(axis=1).argmax())
    return dict(zip(LABELS, faces.attributes["quality"].values[row].tolist(), strict=True))


@pytest.fixture(scope="module")
def original(analyzer, portrait) -> dict[str, float]:
    return quality(analyzer, portrait)


def test_the_portrait_is_good(original):
    assert list(original) == list(LABELS)
    assert all(0 <= score <= 100 for score in original.values())
    assert original["unified"] > 50
    for label in ("sharpness", "eyes_open", "yaw", "roll", "under_exposure_prevention"):
        assert original[label] > 90, label


def test_blur_lowers_sharpness_step_by_step(analyzer, portrait, original):
    scores = [original] + [
        quality(analyzer, cv2.GaussianBlur(portrait, (0, 0), sigma)) for sigma in (1, 2, 3)
    ]
    sharpness = [score["sharpness"] for score in scores]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[-1] < 20
    assert scores[-1]["unified"] < original["unified"]


def test_an_enlarged_small_face_is_not_sharp(analyzer, portrait, original):
    small = cv2.resize(portrait, (128, 128), interpolation=cv2.INTER_AREA)
    enlarged = quality(analyzer, cv2.resize(small, (512, 512), interpolation=cv2.INTER_CUBIC))
    assert enlarged["inter_eye_distance"] == pytest.approx(original["inter_eye_distance"], abs=3)
    assert enlarged["sharpness"] < original["sharpness"] - 30


def test_enlarging_does_not_sharpen(analyzer, portrait, original):
    double = quality(analyzer, cv2.resize(portrait, (1024, 1024), interpolation=cv2.INTER_CUBIC))
    assert double["sharpness"] <= original["sharpness"] + 2
    assert double["inter_eye_distance"] > original["inter_eye_distance"]


def test_shrinking_lowers_the_eye_distance(analyzer, portrait, original):
    half = quality(analyzer, cv2.resize(portrait, (256, 256), interpolation=cv2.INTER_AREA))
    # The score is 100 (1 - 2 ** (-d / 30)): half the distance leaves the root of the rest.
    rest = 1 - original["inter_eye_distance"] / 100
    assert half["inter_eye_distance"] == pytest.approx(100 * (1 - rest**0.5), abs=2)


def test_darkness_and_glare(analyzer, portrait, original):
    dark = quality(analyzer, portrait // 6)
    assert dark["under_exposure_prevention"] < original["under_exposure_prevention"] - 20
    assert dark["dynamic_range"] < original["dynamic_range"]
    glare = quality(analyzer, np.clip(portrait.astype(int) * 2, 0, 255).astype(np.uint8))
    assert glare["over_exposure_prevention"] < original["over_exposure_prevention"] - 20


def test_light_from_one_side(analyzer, portrait, original):
    light = np.linspace(-1, 1, 512)[None, :, None]
    face_centre = (225 / 512 - 0.5) * 2
    uneven = np.clip(portrait * np.exp(6 * (light - face_centre)).clip(0.15, 1), 0, 255)
    lit = quality(analyzer, uneven.astype(np.uint8))
    assert lit["illumination_uniformity"] < original["illumination_uniformity"] - 10


def test_compression(analyzer, portrait, original):
    _, data = cv2.imencode(".jpg", portrait, [cv2.IMWRITE_JPEG_QUALITY, 5])
    compressed = quality(analyzer, cv2.imdecode(data, cv2.IMREAD_COLOR))
    assert compressed["compression_prevention"] < original["compression_prevention"] - 40


def test_something_before_the_face(analyzer, portrait, original):
    covered = portrait.copy()
    covered[125:190, 180:275] = 90
    hidden = quality(analyzer, covered)
    assert hidden["occlusion_prevention"] < original["occlusion_prevention"] - 30
    assert hidden["unified"] < original["unified"]


def test_turning_in_plane_keeps_everything_but_roll(analyzer, portrait, original):
    turn = cv2.getRotationMatrix2D((225, 125), 25, 1)
    turned = quality(analyzer, cv2.warpAffine(portrait, turn, (512, 512), borderMode=2))
    # The background is another one, and turning smooths a little.
    for label in set(LABELS) - {"roll", "unified", "background_uniformity"}:
        assert turned[label] == pytest.approx(original[label], abs=10), label
    assert turned["roll"] < 90 < original["roll"]


def test_batch_equals_single_and_no_face_gives_no_row(analyzer, varied):
    batch = analyzer.run(varied)
    for image, together in zip(varied, batch, strict=True):
        (alone,) = analyzer.run([image])
        a, b = (item.found.attributes["quality"].values for item in (alone, together))
        assert a.shape == (len(alone.found), len(LABELS))
        assert a == pytest.approx(b, abs=0.5, nan_ok=True)
    assert min(len(item.found) for item in batch) == 0
    assert analyzer.run([]) == []


def test_slicing_commutes(analyzer, varied):
    from mien.tasks.quality import QualityTask

    (analysis,) = analyzer.run([varied[4]])
    faces = analysis.found
    assert len(faces) > 1
    sliced = analysis.with_faces(faces[[1]])
    (again,) = QualityTask(analyzer.options)([varied[4]], [sliced])
    expected = faces.attributes["quality"][[1]].values
    assert again.found.attributes["quality"].values == pytest.approx(expected, nan_ok=True)


def test_without_pose_and_presence_they_are_not_measurable(analyzer, portrait_image):
    from dataclasses import replace

    from mien.tasks.quality import QualityTask

    (analysis,) = analyzer.run([portrait_image])
    bare = analysis.with_faces(replace(analysis.found, attributes={}))
    (again,) = QualityTask(analyzer.options)([portrait_image], [bare])
    row = again.found[0].quality
    column = again.found.attributes["quality"]
    missing = [label for label, v in zip(LABELS, column.values[0], strict=True) if np.isnan(v)]
    assert missing == ["occlusion_prevention", "yaw", "pitch", "roll"]
    assert row is not None


def test_json_row(analyzer, portrait_image):
    (analysis,) = analyzer.run([portrait_image])
    row = analysis.found.to_dict()[0]["quality"]
    assert list(row) == list(LABELS)
    assert analysis.found.attributes["quality"].unit == "0-100"
