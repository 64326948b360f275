"""Series and events as Parquet: the round trip, units in names, nulls, other files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from mien.errors import InputError
from mien.video.event import Event
from mien.video.series import FaceSeries, face_series
from mien.video.series_file import (
    read_audio_offset_s,
    read_events,
    read_series,
    write_events,
    write_series,
)
from tests.video.made import face_mesh, made_series

TIMES = np.array([0.0, 1 / 30, 0.1, 0.5])


def two_series() -> list[FaceSeries]:
    generator = np.random.default_rng(0)
    labels = ("happy", "neutral")
    first = made_series(
        TIMES,
        face_id="a",
        seen=[True, False, True, True],
        landmarks_px=np.stack([face_mesh()] * 4),
        pose_deg=generator.normal(size=(4, 3)),
        gaze_deg=generator.normal(size=(4, 2)),
        gaze_direction=generator.normal(size=(4, 3)),
        openness=generator.uniform(size=(4, 3)),
        expression=generator.dirichlet([1, 1], 4),
        expression_labels=labels,
        valence_arousal=generator.uniform(-1, 1, (4, 2)),
    )
    return [first, made_series(TIMES + 0.01, face_id="b")]


@pytest.mark.parametrize("offset_s", [None, 0.0, -0.3])
def test_the_offset_of_the_sound_stands_in_the_metadata(
    tmp_path: Path, offset_s: float | None
) -> None:
    write_series(two_series(), tmp_path / "out.parquet", audio_offset_s=offset_s)
    assert read_audio_offset_s(tmp_path / "out.parquet") == offset_s
    metadata = pyarrow.parquet.read_schema(tmp_path / "out.parquet").metadata
    assert b"audio_offset_s" in metadata


@pytest.mark.parametrize("landmarks", [True, False])
def test_round_trip(tmp_path: Path, landmarks: bool) -> None:
    first, second = two_series()
    path = tmp_path / "out.parquet"
    assert write_series([first, second], path, landmarks=landmarks) == 8
    here, there = read_series(path)
    assert (here.face_id, here.image_size_wh, here.expression_labels) == (
        "a",
        (640, 480),
        ("happy", "neutral"),
    )
    np.testing.assert_array_equal(here.times_s, first.times_s)
    np.testing.assert_array_equal(there.times_s, second.times_s)
    for name, values in first.columns().items():
        if name != "landmarks_px" or landmarks:
            np.testing.assert_array_equal(here.column(name), values)
    # The second face has the columns that the file has, without a value.
    assert there.present.all()
    assert np.isnan(there.column("pose_deg")).all()
    assert [f.name for f in tmp_path.iterdir()] == ["out.parquet"]


def test_units_stand_in_names_and_what_is_missing_is_null(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write_series(two_series(), path)
    table = pyarrow.parquet.read_table(path)
    assert table.column_names == [
        *("time_s", "face_id", "box_x0_px", "box_y0_px", "box_x1_px", "box_y1_px"),
        *("yaw_deg", "pitch_deg", "roll_deg", "gaze_in_head_yaw_deg", "gaze_in_head_pitch_deg"),
        *("gaze_direction_x", "gaze_direction_y", "gaze_direction_z"),
        *("left_eye_openness", "right_eye_openness", "mouth_openness", "valence", "arousal"),
        *("probability_happy", "probability_neutral", "landmarks_px"),
    ]
    assert table.schema.metadata[b"schema"] == b"mien.series/1"
    assert table["yaw_deg"].null_count == 5
    assert table["landmarks_px"].null_count == 5


def test_nothing_at_all(tmp_path: Path) -> None:
    path = tmp_path / "none.parquet"
    assert write_series([], path) == 0
    assert read_series(path) == []
    assert write_series([face_series([], image_size_wh=(4, 3))], path) == 0
    assert read_series(path) == []
    assert write_events([], path) == 0
    assert read_events(path) == []


def test_events(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    events = [
        Event("blink", 1.0, 1.2, ("a",), 0.9, "share closed", apex_s=1.1),
        Event("joint_attention", 2.0, 3.0, ("a", "b"), 0.7, "fit 0..1", "c"),
    ]
    assert write_events(events, path) == 2
    assert read_events(path) == events


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    with pytest.raises(InputError, match=r"other\.parquet: is no readable Parquet file"):
        read_series(path)
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(InputError, match="is no readable Parquet file"):
        read_series(path)
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), path)
    with pytest.raises(InputError, match=r"expected 'mien\.events/1'"):
        read_events(path)
    write_series(two_series(), path)
    with pytest.raises(InputError, match=r"got the schema 'mien\.series/1'"):
        read_events(path)
    with pytest.raises(InputError, match="cannot be written"):
        write_events([], tmp_path / "no folder" / "x.parquet")
    other = made_series(TIMES, size_wh=(10, 10), face_id="c")
    with pytest.raises(InputError, match="expected those of one video"):
        write_series([*two_series(), other], path)
