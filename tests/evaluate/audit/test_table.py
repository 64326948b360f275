"""Label files: what is read, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.data import Sample
from mien.errors import DatasetError
from mien.evaluate.audit.table import read_labels, table_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def test_labels(folder: Path) -> None:
    path = folder / "labels.csv"
    path.write_text("subject_id,file,gender,age\nann,a.jpg,female,30\n,b.jpg,,\n")
    samples, table = read_labels(path, folder)
    assert [sample.subject_id for sample in samples] == ["ann", None]
    assert table.subject_id.tolist() == ["ann", "b.jpg"]
    assert table.words("gender").tolist() == ["female", ""]
    assert np.isnan(table.numbers("age")).tolist() == [False, True]
    assert not table.knows_subjects


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,x\na.jpg,1\nc.jpg,2\n", r"labels.csv:3: no such picture"),
        ("file,x\na.jpg,1\na.jpg,2\n", r"labels.csv:3: a.jpg stands in line 2"),
        ("file,x\na.jpg\n", r"labels.csv:2: got 1 cells, expected 2"),
        ("name,x\na.jpg,1\n", r"labels.csv:1: no column file"),
        ("file,x\n", "no sample"),
    ],
)
def test_refused(folder: Path, text: str, said: str) -> None:
    path = folder / "labels.csv"
    path.write_text(text)
    with pytest.raises(DatasetError, match=said):
        read_labels(path, folder)


def test_samples_of_a_data_set(folder: Path) -> None:
    samples = [
        Sample("1", folder / "a.jpg", subject_id="ann", labels={"age": 3.0, "sex": "f"}),
        Sample("2", folder / "b.jpg", subject_id="ann", labels={"points": (1.0, 2.0)}),
    ]
    table = table_of(samples, name="some")
    assert sorted(table.columns) == ["age", "sex"]
    assert table.words("sex").tolist() == ["f", ""]
    assert table.knows_subjects
    assert table.words("age").tolist() == ["3", ""]
