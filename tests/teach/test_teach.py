"""From pictures with a table of labels to chips, by the function and by the command."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from mien.apps.cli import app
from mien.data import Sample
from mien.errors import DatasetError, InputError, NoFaceError
from mien.geometry.ibug import ibug68_from_mesh
from mien.models import has_model
from mien.tasks.expression import MODEL as EXPRESSION_MODEL
from mien.tasks.one_face import face_in_box, largest_face
from mien.tasks.pipeline import Analyzer
from mien.teach import Source, teach
from mien.teach.faces import face_chips
from mien.teach.whole import is_whole
from mien.train.taught import COLUMNS, N_POINTS, UNKNOWN
from mien.types import Boxes, Image
from tests.teach.conftest import HEADER

Variant = Callable[[int, int], np.ndarray]
cli = CliRunner()


def said(out: Path) -> dict[str, np.ndarray]:
    with np.load(out / "said.npz") as columns:
        return {name: columns[name] for name in columns.files}


def test_partial_labels_teachers_and_faceless_pictures(
    faces: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (told,) = teach(tmp_path, tmp_path / "chips", sources=[Source("labels-csv", "mine")])
    assert told.line() == (
        "labels-csv=mine: 3 chips of 4 pictures, 1 without a face; "
        "labelled: age 1, gender 1, ancestry 1, expression 1"
    )
    assert "0 faces have marked ones (ibug68): not corrected below 50" in caplog.text
    columns = said(tmp_path / "chips")
    targets = columns["targets"]
    assert columns["names"].tolist() == ["0/0.png", "0/1.png", "0/2.png"]
    assert columns["subjects"].tolist() == ["0/ada", "0/1.png", "0/2.png"]
    labels = targets[:, [COLUMNS[n].start for n in ("age", "gender", "ancestry", "expression")]]
    nan = np.nan
    wanted = [[31, nan, nan, 3], [nan, 0, nan, nan], [nan, nan, 3, nan]]
    np.testing.assert_array_equal(labels, wanted)
    assert (targets[:, COLUMNS["source"]] == 0).all()
    np.testing.assert_allclose(
        np.linalg.norm(targets[:, COLUMNS["embedding"]], axis=1), 1, atol=1e-5
    )
    assert (targets[:, COLUMNS["points"]] == 0.5).all()
    taught = targets[:, COLUMNS["expression_taught"]]
    if has_model(EXPRESSION_MODEL):
        np.testing.assert_allclose(taught.sum(axis=1), 1, atol=1e-5)
    else:
        assert np.isnan(taught).all()
    assert np.isfinite(columns["landmarks"]).all()
    assert set(np.unique(np.load(tmp_path / "chips" / "masks.npy"))) <= {*range(7), UNKNOWN}
    assert np.load(tmp_path / "chips" / "inputs.npy").shape == (3, 112, 112, 3)


def test_marked_points_are_kept_and_a_few_correct_no_others(
    faces: Path, tmp_path: Path, variant: Variant
) -> None:
    pixels = variant(0, 0)
    (analysis,) = Analyzer(("detect", "landmarks")).run([Image(pixels)])
    points = ibug68_from_mesh(analysis.found.landmarks["mesh478"].points)[0, :, :2] + 3
    names = ",".join(f"{axis}{point}" for point in range(N_POINTS) for axis in "xy")
    numbers = ",".join(f"{number:.3f}" for number in points.ravel())
    (faces / "labels.csv").write_text(f"path,{names}\n0.png,{numbers}\n1.png{',' * 136}\n")
    plain = tmp_path / "plain"
    teach(tmp_path, plain, sources=[Source("identity-folders", str(moved(faces, tmp_path)))])
    (told,) = teach(tmp_path, tmp_path / "chips", sources=[Source("labels-csv", "mine")])
    assert told.said[-1] == ("points", 1)
    marked, mesh = said(tmp_path / "chips"), said(plain)
    assert marked["targets"][:, COLUMNS["points"]][:, 0].tolist() == [1, 0.5]
    shift = (marked["landmarks"] - mesh["landmarks"])[:, :N_POINTS, :2]
    # Three px of the picture are fewer of the chip, whose face is smaller; alike for all points.
    assert np.ptp(shift[0], axis=0).max() < 0.01
    assert (shift[0] > 0.5).all()
    np.testing.assert_array_equal(marked["landmarks"][1], mesh["landmarks"][1])


def moved(faces: Path, tmp_path: Path) -> Path:
    """Put the same two pictures into a folder of one person."""
    for name in ("0.png", "1.png"):
        target = tmp_path / "people" / "ada" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((faces / name).read_bytes())
    return tmp_path / "people"


def test_limit_and_several_sources(faces: Path, tmp_path: Path) -> None:
    sources = [Source("labels-csv", "mine"), Source("identity-folders", "people")]
    moved(faces, tmp_path)
    told = teach(tmp_path, tmp_path / "chips", sources=sources, limit=1)
    assert [(one.pictures, one.chips) for one in told] == [(1, 1), (1, 1)]
    columns = said(tmp_path / "chips")
    assert columns["names"].tolist() == ["0/0.png", "1/ada/0.png"]
    assert columns["targets"][:, 0].tolist() == [0, 1]
    inputs = np.load(tmp_path / "chips" / "inputs.npy")
    np.testing.assert_array_equal(inputs[0], inputs[1])


@pytest.mark.parametrize(
    ("rows", "error", "match"),
    [
        ("none.png,,,,,\n", NoFaceError, "labels-csv=mine: no face was found in any of 1"),
        ("0.png,,,,,contempt\n", DatasetError, r"0\.png: expression: got 'contempt', expected"),
        ("gone.png,,,,,\n", DatasetError, "labels.csv:2: names gone.png"),
    ],
)
def test_what_cannot_be_used_leaves_nothing(
    faces: Path, tmp_path: Path, rows: str, error: type[Exception], match: str
) -> None:
    (faces / "labels.csv").write_text(HEADER + rows)
    with pytest.raises(error, match=match):
        teach(tmp_path, tmp_path / "chips", sources=[Source("labels-csv", "mine")])
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_no_source_and_a_used_folder_are_refused(faces: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="sources: got none"):
        teach(tmp_path, tmp_path / "chips", sources=[])
    with pytest.raises(InputError, match="is there already"):
        teach(tmp_path, faces, sources=[Source("labels-csv", "mine")])


def test_the_labelled_face_is_taken_else_the_largest(portrait: np.ndarray) -> None:
    small = cv2.resize(portrait, (256, 256))
    both = np.zeros((512, 768, 3), np.uint8)
    both[:, :512], both[:256, 512:] = portrait, small
    (analysis,) = Analyzer(("detect",)).run([Image(both)])
    assert len(analysis.found) == 2
    assert largest_face(analysis).found.boxes.xyxy[0, 2] < 512
    drawn = Boxes(largest_face(analysis).found.boxes.xyxy / 2 + np.float32([512, 0, 512, 0]))
    assert face_in_box(analysis, drawn).found.boxes.xyxy[0, 0] > 512
    assert not len(face_in_box(analysis, Boxes(np.float32([[0, 400, 50, 450]]))).found)
    encoded = cv2.imencode(".png", both[:, :, ::-1])[1].tobytes()
    (rows,) = face_chips(
        [Sample("all", encoded=encoded), Sample("one", encoded=encoded, boxes=drawn)],
        source=0,
        name="both",
        tell=print,
    )
    # The small face is the same one at half the size: the same chip, but blurred.
    gap = np.abs(rows.inputs[0].astype(int) - rows.inputs[1])
    assert 0 < gap.mean() < 8


def test_pictures_as_small_as_fer2013s_are_taken_whole(tmp_path: Path, variant: Variant) -> None:
    small = [cv2.resize(variant(person, 0)[20:270, 30:280], (48, 48)) for person in range(3)]
    for part, expression, pixels in zip(
        ("train", "train", "validation"), ("happy", "sad", "happy"), small, strict=True
    ):
        folder = tmp_path / "fer" / part / expression
        folder.mkdir(parents=True)
        cv2.imwrite(str(folder / "1.png"), cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
    source = Source("fer2013", "fer", "validation")
    assert is_whole(source.samples(tmp_path, None)[0])
    (told,) = teach(tmp_path, tmp_path / "chips", sources=[source])
    assert (told.chips, told.said[3]) == (1, ("expression", 1))
    columns = said(tmp_path / "chips")
    assert np.isnan(columns["landmarks"]).all()
    assert np.isnan(columns["targets"][:, COLUMNS["embedding"]]).all()
    large = tmp_path / "fer" / "validation" / "happy" / "2.png"
    cv2.imwrite(str(large), variant(0, 0))
    with pytest.raises(DatasetError, match=r"2\.png: got 330 x 350 px, expected 48 x 48"):
        teach(tmp_path, tmp_path / "more", sources=[source])


def test_the_command(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ("teach", "--data", ".", "--source", "labels-csv=mine", "--out", "chips")
    done = cli.invoke(app, [*asked, "--limit", "2"])
    assert done.exit_code == 0, done.output
    assert done.stdout == "chips\n"
    assert "source 0: labels-csv=mine: 2 chips of 2 pictures; labelled" in done.stderr
    again = cli.invoke(app, asked)
    assert again.exit_code == 2
    assert "chips: is there already" in again.stderr
    wrong = cli.invoke(app, ["teach", "--source", "mine", "--out", "more"])
    assert wrong.exit_code == 2
    assert "expected NAME=FOLDER" in wrong.stderr
    (faces / "labels.csv").write_text(HEADER + "none.png,,,,,\n")
    assert cli.invoke(app, [*asked[:-1], "more"]).exit_code == 4


def test_without_sources_the_command_reads_the_four(monkeypatch: pytest.MonkeyPatch) -> None:
    import mien.teach

    asked: dict[str, object] = {}
    monkeypatch.setattr(
        mien.teach, "teach", lambda data, out, **more: asked.update(more, data=data, out=out) or []
    )
    assert cli.invoke(app, ["teach", "--out", "chips"], env={"MIEN_DATA": ""}).exit_code == 0
    assert asked["sources"] == mien.teach.OWN
    assert asked["limit"] is None
