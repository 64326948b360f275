"""Benchmarks of what is read off faces, on the astronaut with labels that the test makes up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mien import Analyzer
from mien.data import Sample
from mien.data.sample import Label
from mien.errors import DatasetError
from mien.evaluate import Figure, Findings
from mien.evaluate.benchmark import Benchmark, Run, get_benchmark
from mien.evaluate.readings import Readings
from mien.types import Boxes, Landmarks
from tests.data.trees import picture


@dataclass
class Made:
    """A data set of samples that are given."""

    root: Path
    given: list[Sample]
    name: str = "made"
    title: str = "Made"
    splits: tuple[str, ...] = ()
    classes: tuple[str, ...] = ("background", "skin", "nose")

    def samples(self, split: str | None = None) -> Iterator[Sample]:
        yield from self.given

    def mask(self, sample: Sample) -> np.ndarray:
        return np.ones((64, 64), np.uint8)


def measured(name: str, given: list[Sample], root: Path) -> dict[str, Figure]:
    benchmark: Benchmark = get_benchmark(name)
    readings = Readings(Analyzer(benchmark.tasks, threads=1))
    run = Run(Made(root, given), None, readings, benchmark.choose, 0)
    return {figure.name: figure for figure in found_by(benchmark, run).figures}


def found_by(benchmark: Benchmark, run: Run) -> Findings:
    return benchmark.measure(run)


@pytest.fixture
def portrait_sample(portrait_file: Path) -> Sample:
    return Sample("portrait", portrait_file, subject_id="ada")


@pytest.fixture
def nobody(tmp_path: Path) -> Sample:
    return Sample("nobody", picture(tmp_path / "nobody.png", size_wh=(64, 64)), subject_id="bea")


def labelled(sample: Sample, **labels: Label) -> Sample:
    return Sample(sample.sample_id, sample.path, subject_id=sample.subject_id, labels=labels)


def test_ages_of_found_faces(portrait_sample: Sample, nobody: Sample, tmp_path: Path) -> None:
    given = [labelled(s, apparent_age=30.0) for s in (portrait_sample, nobody)]
    found = measured("age", given, tmp_path)
    assert found["MAE"].n == 1
    assert found["MAE"].value < 15
    assert found["faces found"].value == 0.5
    assert found["MAE, aged 20 to 39"].value == found["MAE"].value


def test_a_missed_face_is_a_wrong_class(
    portrait_sample: Sample, nobody: Sample, tmp_path: Path
) -> None:
    given = [labelled(s, apparent_gender="female") for s in (portrait_sample, nobody)]
    found = measured("gender", given, tmp_path)
    assert found["apparent gender: accuracy"].value == 0.5
    assert found["apparent gender: accuracy where a face was found"].value == 1.0
    assert "female 1.00" in found["apparent gender: accuracy, labelled female"].rule


def test_unknown_classes_are_left_out_and_told(portrait_sample: Sample, tmp_path: Path) -> None:
    other = Sample("2", portrait_sample.path, labels={"apparent_gender": "unsaid"})
    given = [labelled(portrait_sample, apparent_gender="female"), other]
    found = measured("gender", given, tmp_path)
    assert found["apparent gender: accuracy"].n == 1
    assert "1 samples of classes" in found["apparent gender: accuracy"].rule


def test_the_models_own_points_and_angles_are_no_error(
    portrait_sample: Sample, nobody: Sample, tmp_path: Path
) -> None:
    analysis = Analyzer(("landmarks", "pose"), threads=1).analyze(portrait_sample.path)
    own = Landmarks(analysis.found.landmarks["ibug68"].xy, "ibug68")
    given = [Sample(s.sample_id, s.path, landmarks=own) for s in (portrait_sample, nobody)]
    found = measured("landmarks", given, tmp_path)
    assert found["NME, all 68 points"].value == pytest.approx(0, abs=1e-6)
    assert found["failure rate"].value == 0.5
    angles = analysis.found.attributes["pose"].values[0, :3].tolist()
    names = ("yaw_deg", "pitch_deg", "roll_deg")
    given = [labelled(portrait_sample, **dict(zip(names, angles, strict=True)))]
    assert measured("pose", given, tmp_path)["mean MAE"].value == pytest.approx(0, abs=1e-4)


def test_gaze_along_the_own_direction(portrait_sample: Sample, tmp_path: Path) -> None:
    analysis = Analyzer(("gaze",), threads=1).analyze(portrait_sample.path)
    x, y, z = analysis.found.attributes["gaze"].values[0, 2:5].tolist()
    yaw, pitch = np.rad2deg(np.arctan2(x, -z)), np.rad2deg(np.arcsin(-y))
    given = [labelled(portrait_sample, gaze_yaw_deg=float(yaw), gaze_pitch_deg=float(pitch))]
    assert measured("gaze", given, tmp_path)["MAE"].value == pytest.approx(0, abs=0.1)


def test_boxes_found_missed_and_ignored(
    portrait_sample: Sample, nobody: Sample, tmp_path: Path
) -> None:
    own = Analyzer(("detect",), threads=1).analyze(portrait_sample.path).found.boxes.xyxy
    two = np.concatenate([own, [[400, 400, 500, 500]]]).astype(np.float32)
    one = Sample("one", portrait_sample.path, boxes=Boxes(two))
    found = measured("detection", [one, Sample("none", nobody.path, boxes=Boxes.empty())], tmp_path)
    assert found["labelled faces found"].value == 0.5
    assert found["false boxes a picture"].value == 0
    assert found["average precision, IoU 0.5"].value == pytest.approx(0.5)
    ignored = Sample("one", portrait_sample.path, boxes=Boxes(two), ignored=np.array([False, True]))
    assert measured("detection", [ignored], tmp_path)["labelled faces found"].value == 1.0


def test_regions_of_what_the_data_set_knows(portrait_sample: Sample, tmp_path: Path) -> None:
    found = measured("segmentation", [portrait_sample], tmp_path)
    assert set(found) == {"IoU, skin", "IoU, nose", "F1, skin", "F1, nose"}
    assert 0 < found["IoU, skin"].value < 0.5
    assert found["IoU, nose"].value == 0


def test_people_are_searched_and_grouped(people: Path, tmp_path: Path) -> None:
    given = [
        Sample(path.relative_to(people).as_posix(), path, subject_id=path.parent.name)
        for path in sorted(people.rglob("*.png"))
    ]
    found = measured("identification", given, tmp_path)
    assert found["closed set, found by rank 1"].n == 4
    assert found["open set, FNIR at FPIR 0.3"].value is None
    assert found["failure to acquire"].value == pytest.approx(1 / 8)
    grouped = measured("clustering", given, tmp_path)
    assert 0 < grouped["BCubed F"].value <= 1
    few = measured("quality", given, tmp_path)
    assert "not measurable" in few["area under EDC, unified"].why


@pytest.mark.parametrize("name", ["age", "gender", "expression", "pose", "gaze", "attributes"])
def test_data_without_the_label_are_refused(
    name: str, portrait_sample: Sample, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match="label"):
        measured(name, [portrait_sample], tmp_path)


def test_videos_are_refused(tmp_path: Path) -> None:
    video = Sample("v", tmp_path / "v.mp4", subject_id="a", labels={"apparent_age": 3.0})
    with pytest.raises(DatasetError, match="v: is a video"):
        measured("age", [video], tmp_path)
