"""The pipeline: order, batches, threads, failures, options."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import ImageReadError, InputError, ModelNotFoundError
from mien.tasks import pipeline
from mien.tasks.pipeline import Analyzer
from mien.tasks.task import Options, known_tasks, ordered
from mien.types import Analysis, Image

FAST = ("detect", "landmarks", "embed")


def numbers(analysis: Analysis) -> dict[str, np.ndarray]:
    """Every number of an analysis, by name."""
    faces = analysis.found
    found = {"boxes": faces.boxes.xyxy, "detection_score": faces.detection_score}
    found |= {f"landmarks {name}": column.points for name, column in faces.landmarks.items()}
    found |= {name: column.values for name, column in faces.attributes.items()}
    if analysis.templates is not None:
        found["templates"] = analysis.templates.vectors
    return found


def assert_close(one: Analysis, other: Analysis) -> None:
    """Equal up to what the runtime's arithmetic varies with the batch size."""
    assert one.source == other.source
    a, b = numbers(one), numbers(other)
    assert a.keys() == b.keys()
    for name in a:
        assert a[name].shape == b[name].shape, name
        scale = max(1.0, float(np.nanmax(np.abs(a[name]), initial=0)))
        assert np.allclose(a[name], b[name], atol=2e-3 * scale, equal_nan=True), name


@pytest.fixture(scope="module")
def alone(varied: list[Image]) -> list[Analysis]:
    analyzer = Analyzer(threads=1)
    return [analyzer.analyze(image) for image in varied]


def test_the_portrait_has_its_one_face(alone: list[Analysis]) -> None:
    assert [len(analysis.found) for analysis in alone] == [1, 1, 1, 1, 3, 0, 0]
    x1, y1, x2, y2 = alone[0].found[0].box
    # Her nose is at (231, 134).
    assert x1 < 231 < x2
    assert y1 < 134 < y2
    assert 50 < x2 - x1 < 150


@pytest.mark.parametrize("threads", [1, 3])
def test_a_batch_equals_its_pictures_in_order(
    varied: list[Image], alone: list[Analysis], threads: int
) -> None:
    many = list(Analyzer(threads=threads).analyze_many(varied * 5))
    assert len(many) == 35
    for one, other in zip(many, alone * 5, strict=True):
        assert_close(one, other)


def test_eight_threads_sharing_one_analyzer_give_the_same_bytes(varied: list[Image]) -> None:
    analyzer = Analyzer(threads=1)
    expected = [pickle.dumps(analyzer.analyze(image)) for image in varied]
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(analyzer.analyze, image) for image in varied * 4]
        assert [pickle.dumps(future.result()) for future in futures] == expected * 4


def test_every_default_task_gives_its_columns(alone: list[Analysis]) -> None:
    columns = {"pose", "gaze", "apparent_age", "apparent_gender", "quality"}
    for analysis in alone:
        assert columns <= set(analysis.found.attributes)
        assert analysis.templates is not None
        assert len(analysis.templates) == len(analysis.found)
        assert {"five", "ibug68", "mesh478"} <= set(analysis.found.landmarks)


def test_templates_are_given_only_to_who_asks(varied: list[Image]) -> None:
    assert mien.analyze(varied[0], ("age",)).templates is None
    assert mien.analyze(varied[0], ("age", "embed")).templates is not None
    assert mien.analyze(varied[0]).templates is not None


def test_slicing_commutes_with_reading_rows(alone: list[Analysis]) -> None:
    faces = alone[4].found
    backwards = faces[[2, 1, 0]]
    assert backwards.to_dict() == faces.to_dict()[::-1]


def test_one_bad_file_does_not_stop_the_rest(tmp_path: Path, portrait_jpeg: bytes) -> None:
    for number in range(20):
        (tmp_path / f"{number:02d}.jpg").write_bytes(portrait_jpeg)
    (tmp_path / "03.jpg").write_bytes(portrait_jpeg[:5000])
    (tmp_path / "17.jpg").write_text("not a picture")
    results = list(Analyzer(("detect",), threads=2).analyze_many(tmp_path))
    assert [Path(result.source or "").name for result in results] == [
        f"{number:02d}.jpg" for number in range(20)
    ]
    failed = {Path(r.source or "").name: r.error.kind for r in results if r.error is not None}
    assert failed == {"03.jpg": "ImageReadError", "17.jpg": "ImageReadError"}
    assert all(len(result.found) == 1 for result in results if result.error is None)


def test_a_single_bad_picture_raises(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(b"")
    with pytest.raises(ImageReadError, match="is empty"):
        mien.analyze(path)


def test_a_failing_task_costs_one_picture_and_is_logged(
    varied: list[Image], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyzer = Analyzer(("detect",), threads=1)
    detect = analyzer._tasks["detect"]

    def fails_on_the_small_one(
        images: Sequence[Image], analyses: Sequence[Analysis]
    ) -> list[Analysis]:
        if any(image.size_wh == (200, 200) for image in images):
            raise RuntimeError("out of luck")
        return detect(images, analyses)

    monkeypatch.setitem(analyzer._tasks, "detect", fails_on_the_small_one)
    with caplog.at_level(logging.ERROR):
        results = list(analyzer.analyze_many(varied))
    assert [result.error is not None for result in results].index(True) == 2
    assert sum(result.error is not None for result in results) == 1
    assert results[2].error is not None
    assert results[2].error.message == "out of luck"
    assert "picture 2: analysis failed" in caplog.text


def test_sources_are_read_as_results_are_taken(varied: list[Image]) -> None:
    taken = 0

    def endless() -> Iterator[Image]:
        nonlocal taken
        while True:
            taken += 1
            yield varied[5]

    results = Analyzer(("detect",), threads=2).analyze_many(endless())
    for _ in range(40):
        next(results)
    assert taken <= 40 + pipeline.CHUNK * 5
    results.close()  # type: ignore[attr-defined]


def test_large_pictures_are_not_held_together(
    varied: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "CHUNK_PIXELS", 512 * 512)
    sizes = []
    run = Analyzer.run

    def counted(self: Analyzer, images: Sequence[Image]) -> list[Analysis]:
        sizes.append(sum(image.size_wh[0] * image.size_wh[1] for image in images))
        return run(self, images)

    monkeypatch.setattr(Analyzer, "run", counted)
    results = list(Analyzer(("detect",), threads=1).analyze_many(varied))
    assert [result.source for result in results] == [image.source for image in varied]
    assert max(sizes) <= 270_000  # the largest picture alone


def test_an_analyzer_can_be_pickled(varied: list[Image], alone: list[Analysis]) -> None:
    analyzer = pickle.loads(pickle.dumps(Analyzer(FAST, threads=1, mirror=False)))
    assert analyzer.task_names == FAST
    assert not analyzer.options.mirror
    assert len(analyzer.analyze(varied[0]).found) == 1


def test_paths_bytes_arrays_and_images_agree(portrait_file: Path, portrait_jpeg: bytes) -> None:
    analyzer = Analyzer(FAST, threads=1)
    pixels = mien.read_image(portrait_file).pixels
    kinds = [portrait_file, str(portrait_file), portrait_jpeg, pixels, mien.Image(pixels)]
    rows = [analyzer.analyze(kind).found.to_dict() for kind in kinds]
    assert all(row == rows[0] for row in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tasks": ("detct",)}, "'detct', expected one of"),
        ({"threads": 0}, "threads: got 0"),
        ({"miror": False}, "miror"),
    ],
)
def test_mistakes_are_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Analyzer(**arguments)  # type: ignore[arg-type]


def test_a_named_task_that_cannot_run_is_an_error_and_a_default_one_is_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(known_tasks()["gender"], "missing", lambda self: "no weights here")
    with pytest.raises(ModelNotFoundError, match="'gender' cannot run: no weights here"):
        Analyzer(("gender",))
    analyzer = Analyzer()
    assert analyzer.skipped["gender"] == "no weights here"
    assert "gender" not in analyzer.task_names


def test_models_in_use_are_listed_once() -> None:
    names = [spec.name for spec in Analyzer(FAST).models]
    assert len(names) == len(set(names))
    assert {"facemesh.attention", "resnet29.dlib"} <= set(names)


@pytest.mark.parametrize("name", known_tasks())
def test_every_task_takes_no_picture_and_no_face(name: str, varied: list[Image]) -> None:
    analyzer = (
        Analyzer((name,), threads=1) if known_tasks()[name](Options()).missing() is None else None
    )
    if analyzer is None:
        pytest.skip(f"{name}: its weights are not installed")
    assert analyzer.run([]) == []
    (empty,) = analyzer.run([varied[5]])
    assert len(empty.found) == 0
    (full,) = analyzer.run([varied[0]])
    assert set(full.found.attributes) == set(empty.found.attributes)
    assert set(full.found.landmarks) == set(empty.found.landmarks)
    assert (full.templates is None) == (empty.templates is None)


def test_tasks_come_after_what_they_require() -> None:
    order = ordered(tuple(known_tasks()))
    for name, task in known_tasks().items():
        for needed in task.requires:
            assert order.index(needed) < order.index(name)
