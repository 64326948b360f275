"""What the two wheels hold: built here, opened, compared with the specs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

RESEARCH = REPOSITORY / "packages" / "mien-weights-research"


def built(project: Path, folder: Path) -> zipfile.ZipFile:
    """Build a project's wheel with its own build backend."""
    code = f"import hatchling.build as b; print(b.build_wheel({str(folder)!r}))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
    )
    return zipfile.ZipFile(folder / done.stdout.split()[-1])


@pytest.fixture(scope="module")
def main_wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return built(REPOSITORY, tmp_path_factory.mktemp("main"))


def test_the_main_wheel_holds_every_permissive_model_and_no_other(
    main_wheel: zipfile.ZipFile,
) -> None:
    specs = [name for name in main_wheel.namelist() if name.endswith(".toml") and "/zoo/" in name]
    tables = {name: tomllib.loads(main_wheel.read(name).decode()) for name in specs}
    weights = {name for name in main_wheel.namelist() if name.endswith(".onnx")}
    assert {table["use"] for table in tables.values()} == {"permissive"}
    assert weights == {
        str(Path(name).parent / table["weights"]["file"]) for name, table in tables.items()
    }
    source = REPOSITORY / "src" / "mien" / "models" / "zoo"
    assert len(specs) == len(list(source.glob("*.toml"))) > 5


def test_the_main_wheel_is_small_licensed_and_typed(main_wheel: zipfile.ZipFile) -> None:
    assert sum(item.compress_size for item in main_wheel.infolist()) <= 60e6
    names = main_wheel.namelist()
    assert "mien/py.typed" in names
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE"}


def test_the_research_wheel_holds_the_others_and_its_own_licence(tmp_path: Path) -> None:
    wheel = built(RESEARCH, tmp_path)
    specs = [name for name in wheel.namelist() if name.endswith(".toml")]
    uses = {tomllib.loads(wheel.read(name).decode())["use"] for name in specs}
    assert uses <= {"research", "unclear"}
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


def test_core_dependencies_are_six() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    names = {name.split(">")[0] for name in project["dependencies"]}
    assert names == {"numpy", "onnxruntime", "opencv-python-headless", "Pillow", "typer", "rich"}
