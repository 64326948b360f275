"""One row a face."""

from __future__ import annotations

import csv
import io
import sys

import pytest

from mien.errors import MissingExtraError
from mien.render import to_pandas
from mien.render.table import columns, rows, write_csv
from mien.types import Analysis, Faces, Failure


@pytest.fixture
def three(analysed, analyse, portrait_image):
    two = analyse(portrait_image, [(10, 10, 90, 90), (200, 50, 300, 150)])
    none = Analysis("none.png", None, (5, 4), Faces.empty((5, 4)))
    failed = Analysis("broken.jpg", error=Failure("ImageReadError", "broken.jpg: is, empty"))
    return [two, none, failed]


def test_frame(three):
    pandas = pytest.importorskip("pandas")
    frame = to_pandas(three)
    assert frame["source"].tolist() == ["astronaut", "astronaut", "none.png", "broken.jpg"]
    assert frame["face"].tolist() == [0, 1, pandas.NA, pandas.NA]
    assert frame["apparent_age"].tolist()[:2] == [34.4, 34.4]
    assert frame["apparent_age_spread"][0] == 6
    assert frame["apparent_gender"][1] == "female"
    assert frame["apparent_gender_male"][0] == 0.04
    assert frame["pose_yaw_deg"][0] == 12
    assert frame["quality_unified"][0] == 71
    assert frame["x0"][1] == 200
    assert frame["error"][3] == "ImageReadError: broken.jpg: is, empty"
    assert frame["error"].isna().tolist() == [True, True, True, False]


def test_frame_of_one_and_of_nothing(analysed):
    pytest.importorskip("pandas")
    assert len(to_pandas(analysed)) == 1
    assert len(to_pandas([])) == 0
    assert list(to_pandas([]).columns)[:2] == ["source", "width"]


def test_without_pandas(monkeypatch, analysed):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mien\[pandas\]'"):
        to_pandas(analysed)


def test_csv_reads_back(three):
    table = list(rows(analysis.to_dict() for analysis in three))
    file = io.StringIO(newline="")
    write_csv(file, table, columns(table))
    file.seek(0)
    back = list(csv.DictReader(file))
    assert [row["source"] for row in back] == [row["source"] for row in table]
    assert back[0]["expression"] == "happy"
    assert back[0]["quality_sharpness"] == ""
    assert back[3]["error"] == "ImageReadError: broken.jpg: is, empty"
    assert "landmarks" not in back[0]
    assert not any("{" in value for row in back for value in row.values())
