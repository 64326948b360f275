"""Write a report while pictures go by: the pictures to a side file, the page round them last."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import mien
from mien.io.atomic import whole_file
from mien.models import ModelSpec
from mien.render.outlines import Line, outlines
from mien.render.report.page import Tally, closing, opening
from mien.render.report.picture import picture_section
from mien.types import Analysis, Image

#: A file of more pictures would not open in a browser: further ones are counted, not shown.
MOST_PICTURES = 2000
#: Long side of the pictures in px, for up to so many pictures.
_SIZES_PX = ((12, 1400), (60, 1000), (300, 720), (10**9, 480))


class Report:
    """A self-contained HTML file in the making; use it as a context manager.

    ``expected``: about how many pictures will come, which sets how large they are shown. The file
    appears under its name only when all is written.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        expected: int = 1,
        models: Sequence[ModelSpec] = (),
        skipped: Mapping[str, str] | None = None,
        title: str | None = None,
    ) -> None:
        """Store the arguments."""
        self.path = Path(path)
        self.models = models
        self.skipped = {} if skipped is None else skipped
        self.title = title
        self.long_side_px = next(size for limit, size in _SIZES_PX if expected <= limit)
        self._tally = Tally()
        self._body: IO[str] | None = None

    def __enter__(self) -> Self:
        """Open the side file."""
        self._body = tempfile.TemporaryFile("w+", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put the page together, unless something went wrong."""
        assert self._body is not None
        try:
            if kind is None:
                self._assemble(self._body)
        finally:
            self._body.close()

    @property
    def is_full(self) -> bool:
        """Whether further pictures are only counted: their pixels need not be read."""
        return self._tally.shown >= MOST_PICTURES

    def add(self, analysis: Analysis, image: Image | None) -> None:
        """Add one analysed picture; an analysis with an error goes to the list of failures."""
        self.add_record(analysis.to_dict(), face_outlines(analysis), image)

    def add_record(
        self, record: Mapping[str, Any], lines: Sequence[Sequence[Line]], image: Image | None
    ) -> None:
        """Add one picture by its record (``Analysis.to_dict``) and its faces' outlines."""
        if self._body is None:
            raise RuntimeError("Report: add pictures inside a 'with' block")
        full = self.is_full
        self._tally.count(record)
        if record["error"] is None and not full:
            self._tally.shown += 1
            number = self._tally.shown
            size = self.long_side_px
            section = picture_section(record, lines, image, number=number, long_side_px=size)
            self._body.write(section + "\n")

    def _assemble(self, body: IO[str]) -> None:
        tally = self._tally
        title = _title(tally) if self.title is None else self.title
        with whole_file(self.path) as page:
            page.write(opening(title, tally))
            body.seek(0)
            shutil.copyfileobj(body, page)
            page.write(closing(self.models, self.skipped, mien.__version__))


def face_outlines(analysis: Analysis) -> list[list[Line]]:
    """Return the contours of each face of an analysis."""
    faces = analysis.found
    return [outlines(faces.landmarks, row) for row in range(len(faces))]


def _title(tally: Tally) -> str:
    faces = f"{tally.faces:,} face{'' if tally.faces == 1 else 's'}"
    return f"{faces} in {tally.pictures:,} picture{'' if tally.pictures == 1 else 's'}"
