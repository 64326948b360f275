"""Which files a job takes and where its drawings go."""

from __future__ import annotations

from pathlib import Path

import pytest

from mien.apps.job import Input, drawing_paths, expand, schemas_of
from mien.errors import InputError
from mien.types import SCHEMAS


def test_expand(tmp_path):
    for name in ("b.jpg", "a.png", "notes.txt", ".hidden.jpg", "sub/c.webp", "out/a.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    paths = [tmp_path, tmp_path / "notes.txt", tmp_path / "missing.jpg"]
    inputs = expand(paths, leave_out=tmp_path / "out")
    assert [item.name for item in inputs] == [
        "a.png",
        "b.jpg",
        str(Path("sub/c.webp")),
        "notes.txt",
        "missing.jpg",
    ]
    assert inputs[2].path == str(tmp_path / "sub" / "c.webp")
    assert expand([tmp_path, tmp_path / "a.png"]) == expand([tmp_path])


def test_drawings_keep_names_apart(tmp_path):
    inputs = [
        Input("one/a.jpg", "a.jpg"),
        Input("two/a.jpg", "a.jpg"),
        Input("three/a.heic", "s/a.heic"),
    ]
    target = drawing_paths(tmp_path, inputs)
    names = [target(item).relative_to(tmp_path).as_posix() for item in inputs]
    assert names == ["a.jpg", "a-2.jpg", "s/a.heic.jpg"]


def test_drawings_never_replace_the_picture(tmp_path):
    path = tmp_path / "a.jpg"
    path.touch()
    with pytest.raises(InputError, match="replace the picture"):
        drawing_paths(tmp_path, [Input(str(path), "a.jpg")])


def test_landmark_schemas():
    assert schemas_of("all") == tuple(SCHEMAS)
    assert schemas_of("none") == ()
    assert schemas_of("five, ibug68") == ("five", "ibug68")
    with pytest.raises(InputError, match="seven"):
        schemas_of("five,seven")
