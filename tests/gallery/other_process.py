"""Another process that uses the same gallery: one JSON command a line in, one answer a line out."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from mien.gallery import Gallery, Subject, open_gallery
from mien.recognition import enrol
from mien.types import Analysis, Boxes, Faces
from tests.conftest import REPOSITORY
from tests.gallery.synthetic import templates


class Other(AbstractContextManager["Other"]):
    """The handle of the parent; ``folder``: a path or URL."""

    def __init__(self, folder: Path | str, *, wait_s: float = 10) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder), str(wait_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
        )

    def start(self, name: str, *arguments: Any) -> None:
        """Ask for something and do not wait."""
        self.process.stdin.write(json.dumps([name, *arguments]) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """Wait for one line."""
        line = self.process.stdout.readline()
        assert line, "the other process has ended"
        return json.loads(line)

    def ask(self, name: str, *arguments: Any) -> Any:
        self.start(name, *arguments)
        return self.answer()

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class FakeAnalyzer:
    """Reads the number in a file and answers with the template of that number, at a slow pace."""

    pause_s = 0.002

    def analyze_many(self, paths: Iterable[Path]) -> Iterator[Analysis]:
        for path in paths:
            number = int(path.read_text())
            time.sleep(self.pause_s)
            faces = Faces((64, 64), Boxes(np.array([[1, 2, 30, 40]])), np.array([0.9]))
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            yield Analysis(str(path), content, (64, 64), faces, templates=templates(1, seed=number))


def enrol_files(gallery: Gallery, files: Iterable[Path]) -> enrol.Progress:
    """Enrol files of numbers under ten subjects, in small transactions."""
    enrol.ROWS_AT_ONCE = 7
    done = iter(range(1_000_000))
    return enrol.enrol_pictures(
        gallery,
        files,
        analyzer=FakeAnalyzer(),  # type: ignore[arg-type]
        labels=lambda path: Subject(f"person {int(path.read_text()) % 10}"),
        on_done=lambda: tell(next(done)),
    )


def tell(answer: Any) -> None:
    """Write one line for the parent."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def serve(folder: str, wait_s: str) -> None:
    """Do what the parent asks for until it hangs up."""
    gallery = open_gallery(folder, wait_s=float(wait_s))
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        if name == "search":
            rows = gallery.search(templates(1, seed=arguments[0]), 100)
            answer: Any = [candidate.reference_id for candidate in rows[0]]
        elif name == "enrol":
            answer = gallery.enrol(templates(1, seed=arguments[0]), Subject(arguments[1]))
            answer = answer.reference_ids[0]
        elif name == "delete":
            answer = gallery.delete(subject_id=arguments[0]).n_references
        elif name in ("read", "write"):
            transaction = gallery._database.reading if name == "read" else gallery._database.writing
            with transaction() as connection:
                connection.execute("SELECT count(*) FROM refs").fetchone()
                tell("holding")
                time.sleep(arguments[0])
            answer = "released"
        else:
            enrol_files(gallery, sorted(Path(arguments[0]).iterdir()))
            answer = "finished"
        tell(answer)


if __name__ == "__main__":
    serve(*sys.argv[1:])
