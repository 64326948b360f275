"""The journal of a bulk job."""

from __future__ import annotations

import json

import pytest

from mien.apps.journal import Journal, stamp_of
from mien.errors import InputError

GOOD = {"source": "a", "error": None, "faces": []}
BAD = {"source": "b", "error": {"kind": "ImageReadError", "message": "b: gone"}, "faces": []}
SETTINGS = {"tasks": ["detect"], "mien_version": "1"}


def test_remembers_what_is_done(tmp_path):
    path = tmp_path / "j"
    with Journal(path, SETTINGS, resume=False) as journal:
        journal.add("ü\udcff", (1, 2), GOOD, [[["eye", True, [1.0, 2.0]]]])
        journal.add("b", None, BAD, [])
    with Journal(path, SETTINGS, resume=True) as journal:
        assert journal.is_done("ü\udcff", (1, 2))
        assert not journal.is_done("ü\udcff", (1, 3))
        assert not journal.is_done("b", None)
        assert not journal.is_done("c", (1, 2))
        assert journal.read("ü\udcff") == (GOOD, [[["eye", True, [1.0, 2.0]]]])
        assert journal.read("b") == (BAD, [])


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_line_that_was_cut_off_is_done_again(tmp_path, cut):
    path = tmp_path / "j"
    with Journal(path, SETTINGS, resume=False) as journal:
        journal.add("a", (1, 1), GOOD, [])
        journal.add("b", (2, 2), GOOD, [])
    path.write_bytes(path.read_bytes()[:-cut])
    with Journal(path, SETTINGS, resume=True) as journal:
        assert journal.is_done("a", (1, 1))
        assert not journal.is_done("b", (2, 2))
        journal.add("b", (2, 2), GOOD, [])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line.get("source") for line in lines] == [None, "a", "b"]


def test_the_last_line_of_a_picture_counts(tmp_path):
    path = tmp_path / "j"
    with Journal(path, SETTINGS, resume=False) as journal:
        journal.add("a", (1, 1), BAD, [])
        journal.add("a", (2, 2), GOOD, [])
    with Journal(path, SETTINGS, resume=True) as journal:
        assert journal.is_done("a", (2, 2))
        assert journal.read("a")[0] == GOOD


def test_other_settings_are_another_job(tmp_path):
    path = tmp_path / "j"
    with Journal(path, SETTINGS, resume=False):
        pass
    with pytest.raises(InputError, match="different tasks"):
        Journal(path, SETTINGS | {"tasks": ["age"]}, resume=True).__enter__()
    with Journal(path, SETTINGS | {"tasks": ["age"]}, resume=False) as journal:
        assert not journal.is_done("a", (1, 1))


@pytest.mark.parametrize("content", ['{"half": ', "{}\n", "hello\n[1]\n"])
def test_what_is_no_journal(tmp_path, content):
    path = tmp_path / "j"
    path.write_text(content)
    if content.endswith("\n"):
        with pytest.raises(InputError, match="delete it"):
            Journal(path, SETTINGS, resume=True).__enter__()
    else:  # killed before even the first line was whole
        with Journal(path, SETTINGS, resume=True) as journal:
            journal.add("a", (1, 1), GOOD, [])
        with Journal(path, SETTINGS, resume=True) as journal:
            assert journal.is_done("a", (1, 1))


def test_without_a_path_and_where_none_can_be(tmp_path):
    with Journal(None, SETTINGS, resume=False) as journal:
        journal.add("a", (1, 1), GOOD, [])
        assert journal.read("a")[0] == GOOD
    with pytest.raises(InputError, match="cannot be written"):
        Journal(tmp_path / "no" / "j", SETTINGS, resume=False).__enter__()


def test_stamps(tmp_path):
    path = tmp_path / "x"
    assert stamp_of(path) is None
    path.write_bytes(b"abc")
    stamp = stamp_of(path)
    assert stamp is not None
    assert stamp[0] == 3
