"""Imports go strictly downward, importing mien is light, and the public list is true."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mien

PACKAGE = Path(mien.__file__).parent
FLOORS = (
    ("errors", "types"),
    ("io", "geometry", "metrics"),
    ("models", "data", "gallery"),
    ("tasks", "train", "generate", "render"),
    ("recognition", "teach"),
    ("explain", "video", "protect"),
    ("evaluate",),
    ("apps",),
)
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}


def imported_rooms(path: Path) -> set[str]:
    """Top-level packages of mien that a file imports, wherever in the file it does."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("mien.")}
    return rooms - {"__version__"}


def test_every_room_has_a_floor() -> None:
    rooms = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if path.name[0] != "_"}
    assert rooms - {"py.typed"} <= set(FLOOR_OF)


def test_imports_go_strictly_downward() -> None:
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for other in imported_rooms(path) - {room}:
            # Types may raise errors, which are the one thing beside them on the ground floor.
            allowed = FLOOR_OF[other] < FLOOR_OF[room] or (room, other) == ("types", "errors")
            if not allowed:
                wrong.append(f"{path.relative_to(PACKAGE)} imports mien.{other}")
    assert not wrong


def test_files_state_their_idea_and_stay_small() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 600, path
        assert ast.get_docstring(ast.parse(text)), path


def test_functions_stay_small() -> None:
    lengths = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                first = node.body[0]
                documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
                body = node.body[1:] if documented and len(node.body) > 1 else node.body
                lengths[f"{path.name}:{node.name}"] = node.end_lineno - body[0].lineno + 1
    assert max(lengths.values()) <= 60, max(lengths, key=lengths.get)
    assert sorted(lengths.values())[int(len(lengths) * 0.9)] <= 25


def test_importing_mien_is_light() -> None:
    code = (
        "import sys, threading, mien; heavy = {'torch', 'onnxruntime', 'cv2', 'PIL', 'numpy'}; "
        "print(sorted(heavy & set(sys.modules)), threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] 1"


def test_every_public_name_is_there_and_the_list_is_sorted() -> None:
    assert list(mien._PUBLIC) == sorted(mien._PUBLIC)
    for name in mien.__all__:
        assert getattr(mien, name) is not None
    assert set(mien.__all__) <= set(dir(mien))


def test_a_wrong_name_says_what_there_is() -> None:
    with pytest.raises(AttributeError, match="analyze"):
        mien.analyse  # noqa: B018
