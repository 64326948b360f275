"""Tables of numbers in a spec that is otherwise written by hand."""

import tomllib

import pytest

from tools.heads.spec_table import write_table

TEXT = """# by hand
name = "m"

[weights]
bytes = 1

[accuracy]
old = 1

[outputs]
y = "1"
"""


@pytest.mark.parametrize("table", ["accuracy", "calibration"])
def test_only_that_table_changes(tmp_path, table):
    path = tmp_path / "m.toml"
    path.write_text(TEXT)
    write_table(path, table, {"mae": 4.56789, "n": 12, "data": "UTKFace"})
    found = tomllib.loads(path.read_text())
    assert found.pop(table) == {"mae": 4.568, "n": 12, "data": "UTKFace"}
    before = tomllib.loads(TEXT)
    before.pop(table, None)
    assert found == before
    assert path.read_text().startswith("# by hand\n")


def test_writing_again_changes_nothing(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text(TEXT)
    write_table(path, "accuracy", {"mae": 1.5})
    once = path.read_text()
    write_table(path, "accuracy", {"mae": 1.5})
    assert path.read_text() == once
