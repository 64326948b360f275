"""The cache: what is kept, what is not, other settings, damage, and a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mien import Analyzer
from mien.errors import InputError
from mien.evaluate.store import Store, recipe_of, sha256_of
from mien.types import Analysis, Faces, Failure

FOUND = Analysis("a.png", "c0", (4, 3), Faces.empty((4, 3)))


def test_what_was_put_is_found_by_another(tmp_path: Path) -> None:
    with Store(tmp_path / "new") as store:
        store.put("r", "c0", FOUND)
    with Store(tmp_path / "new") as store:
        assert store.known("r") == {"c0"}
        assert store.known("other") == set()
        assert store.get("r", "c0", "b.png").source == "b.png"


def test_failures_are_not_kept(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put("r", "c0", Analysis("a.png", error=Failure("ImageReadError", "broken")))
        assert store.known("r") == set()


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_templates_are_for_their_owner_only(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        assert store.path.stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "analyses.sqlite").write_bytes(b"not a database, but long enough to be looked at")
    with (
        pytest.raises(InputError, match=r"analyses.sqlite: cannot be used as a cache"),
        Store(tmp_path),
    ):
        pass


def test_a_recipe_is_all_that_shapes_an_analysis() -> None:
    plain = recipe_of(Analyzer(("detect",), threads=1))
    assert plain == recipe_of(Analyzer(("detect",), threads=2))
    assert plain != recipe_of(Analyzer(("detect",), min_face_px=40))
    assert plain != recipe_of(Analyzer(("landmarks",)))


def test_texts_cannot_run_together() -> None:
    assert sha256_of(["ab", "c"]) != sha256_of(["a", "bc"])


_WRITER = """
import sys
from pathlib import Path
from mien.evaluate.store import Store
from mien.types import Analysis, Faces
with Store(Path(sys.argv[1])) as store:
    for number in range(10**9):
        store.put("r", f"{number}", Analysis(None, f"{number}", (4, 3), Faces.empty((4, 3))))
        print(number, flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_killed_writer_loses_at_most_a_batch(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = [next(process.stdout) for _ in range(200)]
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()
    written = len(said) + len([line for line in rest if line])
    with Store(tmp_path) as store:
        known = store.known("r")
        # The line of the last one may have been cut off with the process.
        assert written - 32 <= len(known) <= written + 1
        assert known == {str(number) for number in range(len(known))}
        store.put("r", "more", FOUND)


def test_two_writers_at_once(tmp_path: Path) -> None:
    with Store(tmp_path) as one, Store(tmp_path) as other:
        for number in range(40):
            one.put("r", f"one {number}", FOUND)
            other.put("r", f"other {number}", FOUND)
    with Store(tmp_path) as store:
        assert len(store.known("r")) == 80
