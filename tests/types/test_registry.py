"""What is registered is known by name, sorted, and an unknown name is told what there is."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from mien.errors import InputError
from mien.types.registry import Registry


@dataclass(frozen=True)
class Tool:
    name: str


def test_files_of_the_package_are_read_when_somebody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "toolbox_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("READ = []\n")
    for name in ("saw", "axe"):
        line = f"from toolbox_of_a_test import READ\nREAD.append('{name}')\n"
        (package / f"{name}.py").write_text(line)
    monkeypatch.syspath_prepend(tmp_path)
    tools: Registry[Tool] = Registry("tool", "toolbox_of_a_test")
    saw = tools.add(Tool("saw"))
    assert "toolbox_of_a_test" not in sys.modules
    tools.add(Tool("axe"))
    assert list(tools.known()) == ["axe", "saw"]
    assert tools.get("saw") is saw
    assert sys.modules["toolbox_of_a_test"].READ == ["axe", "saw"]
    with pytest.raises(InputError, match="tool: got 'spade', expected one of axe, saw"):
        tools.get("spade")
    assert list(tools.known()) == ["axe", "saw"]
    assert sys.modules["toolbox_of_a_test"].READ == ["axe", "saw"]
