"""RFW, Racial Faces in the Wild: four groups, verified within each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mien.data.dataset import checked_split, register
from mien.data.folder import Folder, five_from_image_left, pictures_below
from mien.data.pair_lines import joined, numbered_pairs
from mien.data.pairs import Pairs
from mien.data.rows import Row, split_lines
from mien.data.sample import Sample
from mien.types import Landmarks

FOLDS = 10


@register
class Rfw(Folder):
    """``data/<group>/<subject>/<subject>_0001.jpg`` and ``txts/<group>/<group>_pairs.txt``.

    A pair is ``subject n1 n2`` or ``subject1 n1 subject2 n2``; those of a group are in 10 folds
    of equal length, in their order. Some copies call the folder of pictures ``images``. With
    ``<group>_lmk.txt`` (file, label, five points, the picture's left first) there are landmarks.
    A dozen people are in two groups; bob.bio.face lists them.
    """

    name = "rfw"
    title = "RFW"
    source = "www.whdeng.cn/RFW; github.com/bioidiap bob.bio.face database/rfw.py"
    gives = ("subject_id", "five", "apparent_ancestry", "pairs")
    files = {
        group: f"txts/{group}/{group}_pairs.txt"
        for group in ("African", "Asian", "Caucasian", "Indian")
    }

    def read(self, split: str) -> Iterator[Sample]:
        """Yield every picture of one group."""
        points = self._points(self.root / "txts" / split / f"{split}_lmk.txt")
        for path in pictures_below(self.root / self._pictures() / split):
            yield Sample(
                self.id_of(path),
                path,
                subject_id=path.parent.name,
                landmarks=points.get(path.name),
                labels={"apparent_ancestry": split},
            )

    def pairs(self, split: str | None = None) -> Pairs:
        """Return the comparisons of one group, or of all."""
        checked_split(self, split)
        return joined([self._group(group) for group in self._parts(split)])

    def _group(self, group: str) -> Pairs:
        def named(row: Row, subject: str, column: int) -> str:
            name = f"{subject}/{subject}_{row.integer(column):04d}.jpg"
            return self.id_of(row.file(self.root / self._pictures() / group, name))

        return numbered_pairs(list(split_lines(self.root / self.files[group])), named, folds=FOLDS)

    def _points(self, path: Path) -> dict[str, Landmarks]:
        rows = split_lines(path, cells=12) if path.is_file() else ()
        return {Path(row[0]).name: five_from_image_left(row.numbers(2)) for row in rows}

    def _pictures(self) -> str:
        return "images" if (self.root / "images").is_dir() else "data"
