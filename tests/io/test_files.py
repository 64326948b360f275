"""Which files a folder yields, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.errors import ImageNotFoundError
from mien.io import find_images


def test_pictures_below_a_folder_sorted_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.jpg", "sub/c.webp", ".git/d.jpg"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = [path.relative_to(tmp_path).as_posix() for path in find_images(tmp_path)]
    assert found == ["a.png", "b.JPG", "sub/c.webp"]


def test_a_named_file_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.touch()
    assert list(find_images([path])) == [path]


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImageNotFoundError, match="nowhere"):
        list(find_images([tmp_path / "nowhere"]))
