"""Label files are read with their places, and refused with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.data.rows import read_table, split_lines
from mien.errors import DatasetError


def _file(folder: Path, content: str) -> Path:
    path = folder / "labels.csv"
    path.write_text(content, encoding="utf-8")
    return path


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    path = _file(tmp_path, 'age,file\n31,"a, b.jpg"\n\n4,c.jpg\n')
    rows = list(read_table(path, columns=("file", "age")))
    assert [(row["file"], row.integer("age"), row.line) for row in rows] == [
        ("a, b.jpg", 31, 2),
        ("c.jpg", 4, 4),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "is empty"),
        ("file\nx.jpg\n", "labels.csv:1: no column age"),
        ("file,age\nx.jpg\n", "labels.csv:2: got 1 cells, expected 2"),
        ("file,age\nx.jpg,old\n", "labels.csv:2: column age: got 'old', expected a finite"),
        ("file,age\nx.jpg,nan\n", "labels.csv:2: column age: got 'nan', expected a finite"),
        ("file,age\nx.jpg,3.5\n", "labels.csv:2: column age: got '3.5', expected a whole"),
    ],
)
def test_bad_tables_are_refused_by_line(tmp_path: Path, content: str, problem: str) -> None:
    path = _file(tmp_path, content)
    with pytest.raises(DatasetError, match=problem):
        [row.integer("age") for row in read_table(path, columns=("file", "age"))]


def test_lines_of_another_length_are_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, "2\na.jpg 1\nb.jpg\n")
    with pytest.raises(DatasetError, match=r"labels.csv:3: got 1 cells, expected 2"):
        list(split_lines(path, cells=2, skip=1))


def test_other_encodings_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    with pytest.raises(DatasetError, match="no such file"):
        list(split_lines(path))
    path.write_bytes("é".encode("latin-1"))
    with pytest.raises(DatasetError, match="UTF-8"):
        list(split_lines(path))
